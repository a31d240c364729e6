"""The terms of the peers: arrays, ways to call a function on them, rows of the registry."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from gelu_simd._check.bits import Array
from gelu_simd._functions import FUNCTIONS, OPERANDS

#: What ONNX, PyTorch and others call a form: the value of their argument `approximate`.
APPROXIMATE = {"exact": "none", "tanh": "tanh"}

#: Tolerance of a peer's result, relative to (1 + |x|) (1 + |dy|).  The two forms of GELU differ by
#: 1.3e-4.  Some peers compute float64 with constants of float32.
SLACK = 1e-5


class Arrays(NamedTuple):
    """The operands of any function and room for its results."""

    dy: Array
    x: Array
    other: Array
    out: Array
    out2: Array

    def inputs(self, function: str) -> tuple[Array, ...]:
        """Return the operands of `function`."""
        operands = FUNCTIONS[function].operands
        return tuple(getattr(self, OPERANDS[name].array) for name in operands)

    def outs(self, function: str) -> tuple[Array, ...]:
        """Return room for the results of `function`."""
        return (self.out, self.out2)[: len(FUNCTIONS[function].results)]


class Way(NamedTuple):
    """One way to call: `run` computes; `read` makes an array of the result of `run`."""

    run: Callable[[], object]
    read: Callable[[Any], Array] = np.asarray
    context: Callable[[], AbstractContextManager] = nullcontext
    slack: float = SLACK


@contextmanager
def silent() -> Iterator[None]:
    """Discard what a library's C++ writes to the standard output and error meanwhile."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a name, no path
        before = {number: os.dup(number) for number in (1, 2)}
        try:
            for number in before:
                os.dup2(nowhere.fileno(), number)
            yield
        finally:
            for number, saved in before.items():
                os.dup2(saved, number)
                os.close(saved)


#: Returns the ways to call a function on arrays, none if the peer lacks the function or type.
Ways = Callable[[str, Arrays], dict[str, Way]]


class Peer(NamedTuple):
    """A row of the registry."""

    name: str  # on the command line
    title: str
    kind: str  # "peer" computes the function, "other" is another one, "limit" bounds the speed
    modules: tuple[str, ...]  # the first has the version
    load: Callable[[int | None], Ways]  # for a number of threads, None for the peer's own


class Entry(NamedTuple):
    """One side of a comparison: this package on one level, or a peer that is installed."""

    name: str
    title: str
    kind: str  # as in Peer, or "ours"
    version: str
    ways: Ways
