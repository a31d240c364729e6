"""Every function stays within its limit, `_limits.limit`, in the ULP of `_oracle`."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import INFO, SAMPLES

from gelu_simd import _overview, _verify


def test_error(function: str, dtype: np.dtype, isa: str) -> None:
    [result] = _verify.check(function, dtype, [isa], SAMPLES)
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
