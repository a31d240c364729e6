"""The largest errors found.  Written by tests/test_figures.py; do not edit."""

from gelu_simd._limits import Largest

__all__ = ["MEASURED"]

#: By function, type and group of levels.
MEASURED: dict[tuple[str, str, str], Largest] = {}
