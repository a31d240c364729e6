#!/usr/bin/env bash
# pandas 3.1.1: a Series of bfloat16 cannot be multiplied by 2; a DataFrame of the same column can.
#
# One would expect:  that a column of ml_dtypes' bfloat16 is refused, or computes.
# What happens:      the Series is made, printed, sorted and summed; isna finds its NaN, and the mean
#                    skips it.  Then s * 2 and s + s raise NotImplementedError about "compound dtypes",
#                    as does dtype=bfloat16.  np.tanh(s), -s and frame * 2 work.  In xarray 2026.9.0 it
#                    is the other way: array * 2 works, while mean and fillna raise TypeError, since a
#                    numpy.dtype[bfloat16] is no "NumPy dtype".  With skipna=False the mean works.
# Why it matters:    the type seems to be supported until the first product, and the messages speak
#                    of something else: for NumPy bfloat16 is a kind of void, as records are.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages pandas==3.1.1 xarray==2026.9.0 ml_dtypes==0.6.0 numpy==2.4.6
program <<'PYTHON'
import ml_dtypes
import numpy as np
import pandas as pd
import xarray

def outcome(compute):
    """Return the name of the error, or that there is none."""
    try:
        compute()
    except (NotImplementedError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return "works"

array = np.array([1, np.nan, 3], ml_dtypes.bfloat16)
column, frame, labelled = pd.Series(array), pd.DataFrame({"a": array}), xarray.DataArray(array)
assert column.dtype == frame.dtypes["a"] == labelled.dtype == ml_dtypes.bfloat16
assert column.mean() == 2 and column.isna().tolist() == [False, True, False]
works = {
    "np.tanh(series)": lambda: np.tanh(column),
    "-series": lambda: -column,
    "frame * 2": lambda: frame * 2,
    "xarray * 2": lambda: labelled * 2,
    "xarray mean(skipna=False)": lambda: labelled.mean(skipna=False),
}
fails = {
    "series * 2": lambda: column * 2,
    "series + series": lambda: column + column,
    "Series(dtype=bfloat16)": lambda: pd.Series([1.0], dtype=ml_dtypes.bfloat16),
    "xarray mean()": lambda: labelled.mean(),
    "xarray fillna(0)": lambda: labelled.fillna(0),
}
for name, compute in (works | fails).items():
    print(f"{name}: {outcome(compute)}")
assert all(outcome(compute) == "works" for compute in works.values())
errors = [outcome(compute).split(":")[0] for compute in fails.values()]
assert errors == ["NotImplementedError"] * 3 + ["TypeError"] * 2
PYTHON
