"""What a peer offers: ways to call a function on given arrays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from gelu_simd._check.bits import Array
from gelu_simd._functions import FUNCTIONS


class Arrays(NamedTuple):
    """The operands of a function and room for its result."""

    dy: Array
    x: Array
    out: Array

    def inputs(self, function: str) -> tuple[Array, ...]:
        """Return the operands of `function`."""
        return tuple(getattr(self, name) for name in FUNCTIONS[function].operands)


class Way(NamedTuple):
    """One way to call: `run` computes; `read` makes an array of what it returned."""

    run: Callable[[], object]
    read: Callable[[Any], Array] = np.asarray
    context: Callable[[], AbstractContextManager] = nullcontext


Ways = Callable[[str, Arrays], dict[str, Way]]  # none where the peer lacks the function or type


class Peer(NamedTuple):
    """A row of the registry."""

    name: str  # on the command line
    title: str
    kind: str  # "peer" computes the function, "other" is another one, "limit" bounds the speed
    modules: tuple[str, ...]  # the first has the version
    load: Callable[[int | None], Ways]  # for a number of threads, None for the peer's own


class Entry(NamedTuple):
    """What is measured: this package on one level, or a peer that is installed."""

    name: str
    title: str
    kind: str  # as in Peer, or "ours"
    version: str
    ways: Ways
