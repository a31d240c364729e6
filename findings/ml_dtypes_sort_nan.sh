#!/usr/bin/env bash
# ml_dtypes 0.6.0: np.sort of a bfloat16 array with one NaN leaves the numbers unsorted.
#
# One would expect:  [1 3 4 5 nan], as for float16: NumPy promises that NaN goes to the end.
# What happens:      [5 3 nan 1 4] becomes [3 5 nan 1 4], whatever kind= says, and for float8 types too.
#                    The comparison that the type gives to NumPy is not one for sorting: NaN is neither
#                    less nor greater, so the sort takes it for equal to each number.  np.unique
#                    repeats numbers, and np.nan_to_num returns the NaN, since NumPy does not count
#                    the type among its inexact ones.
# Why it matters:    np.sort, np.unique, np.searchsorted and quantiles are wrong without a warning for
#                    an array that would be right in float16 or float32.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages ml_dtypes==0.6.0 numpy==2.4.6
program <<'PYTHON'
import ml_dtypes
import numpy as np

numbers = [5, 3, np.nan, 1, 4]
half = np.array(numbers, np.float16)
print("float16:", np.sort(half), np.nan_to_num(half))
assert np.array_equal(np.sort(half), [1, 3, 4, 5, np.nan], equal_nan=True)
for kind in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2):
    x = np.array(numbers, kind)
    repeated = np.unique(np.array([5, 3, np.nan, 3, 5], kind))
    print(f"{kind.__name__}: sort {np.sort(x)}, unique {repeated}, nan_to_num {np.nan_to_num(x)}")
    for order in ("quicksort", "stable", "heapsort"):
        result = np.sort(x, kind=order).astype(float)
        assert not np.array_equal(result, [1, 3, 4, 5, np.nan], equal_nan=True)
    assert len(repeated) == 5 and np.isnan(np.nan_to_num(x)[2])
PYTHON
