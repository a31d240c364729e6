"""Every function stays within its limit, in the ULP of the oracle."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from helpers import INFO, SAMPLES

from gelu_simd._check import examine
from gelu_simd._cli import screens


@functools.cache
def results(function: str, dtype: np.dtype) -> dict[str, examine.Result]:
    """Check all levels together: results on which they agree are judged once."""
    levels = INFO["available"]
    return {result.level: result for result in examine.check(function, dtype, levels, SAMPLES)}


def test_error(function: str, dtype: np.dtype, isa: str) -> None:
    result = results(function, dtype)[isa]
    assert result.ok, result


@pytest.mark.exhaustive
def test_error_exhaustively(
    ufunc: np.ufunc, dtype: np.dtype, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print()
        levels = INFO["available"]
        missed = screens.verify(
            [ufunc.__name__], [dtype], levels, 100_000_000, exhaustive=True, json_file=None
        )
    assert not missed
