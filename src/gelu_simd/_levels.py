"""The levels: which one runs the kernels, and which give the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gelu_simd import _ufuncs

#: Group of levels that give the same bits, by level.
BITS = dict(_ufuncs.LEVELS)


@contextmanager
def using(level: str) -> Iterator[None]:
    """Use the kernels of `level` inside the ``with`` block."""
    former = _ufuncs.set_isa(level)
    try:
        yield
    finally:
        _ufuncs.set_isa(former)
