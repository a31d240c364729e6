"""The levels with a fused multiply-add give the bits recorded in bits.json, on any machine.

In the half types the other levels do as well, but for the gradients.  A change of the maths changes
the hashes; `python bench/publish.py bits` writes them anew.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers import FUSED, HASHES, INFO, name_of

from gelu_simd import _ufuncs
from gelu_simd._check.digest import digest

OTHERS = [level for level in INFO["built"] if level not in FUSED]


@pytest.mark.parametrize("isa", FUSED, indirect=True)
def test_hash(ufunc: np.ufunc, dtype: np.dtype, isa: str) -> None:
    assert digest(ufunc, dtype) == HASHES[name_of(ufunc)][dtype.name], isa


@pytest.mark.parametrize("isa", OTHERS, indirect=True)
def test_hash_of_correctly_rounded_results(function: str, half: np.dtype, isa: str) -> None:
    assert digest(_ufuncs.ufuncs[function], half) == HASHES[function][half.name], isa
