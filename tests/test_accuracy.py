"""Every function stays within its limit, `_limits.limit`, in the ULP of `_oracle`."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from helpers import INFO, SAMPLES

from gelu_simd import _overview, _verify


@functools.cache
def results(function: str, dtype: np.dtype) -> dict[str, _verify.Result]:
    """Check all levels together: results on which they agree are judged once."""
    found = _verify.check(function, dtype, INFO["available"], SAMPLES)
    return {result.level: result for result in found}


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
        missed = _overview.verify(
            [ufunc.__name__], [dtype], levels, 100_000_000, exhaustive=True, as_json=False
        )
    assert not missed
