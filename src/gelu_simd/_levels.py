"""The levels: which one runs the kernels, and which give the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gelu_simd import _ufuncs

#: The groups of levels that give the same bits, those of other builds too: the levels with a fused
#: multiply-add, and the one without.
GROUPS = ("fused", "portable")

#: The group of each level of this build.
BITS = dict(_ufuncs.LEVELS)


@contextmanager
def using(level: str, threads: int | None = None) -> Iterator[None]:
    """Use the kernels of `level`, and a number of threads if given, inside the ``with`` block."""
    former, former_threads = _ufuncs.set_isa(level), _ufuncs.get_num_threads()
    try:
        if threads is not None:
            _ufuncs.set_num_threads(threads)
        yield
    finally:
        _ufuncs.set_num_threads(former_threads)
        _ufuncs.set_isa(former)
