#!/usr/bin/env bash
# array-api-extra 0.11.5: of uint8, 1 is close to 0 within 1, yet 0 is not close to 1, unless in NumPy arrays.
#
# One would expect:  the same answer for every kind of array, which the package is for; and the formula of
#                    its documentation, |a - b| <= atol + rtol * |b|.
# What happens:      for NumPy and Dask their own isclose is called.  For sparse and array-api-strict the
#                    difference is taken in the type of the arrays: 0 - 1 is 255 in uint8.  The greatest
#                    and the least int32 are close, as their difference is -1 there.
# Why it matters:    images and quantised numbers are compared so; tests written with NumPy arrays pass.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages array-api-extra==0.11.5 array-api-strict==2.6.1 sparse==0.19.3 dask==2026.8.0 numpy==2.4.6
program <<'PYTHON'
import array_api_extra as xpx
import array_api_strict
import dask.array
import numpy as np
import sparse

def close(container, a, b):
    """Return whether these numbers are close within 1, in one kind of array."""
    result = xpx.isclose(container(a), container(b), rtol=0, atol=1)
    result = result.todense() if isinstance(result, sparse.SparseArray) else result
    return [bool(element) for element in result]

containers = {"NumPy": np.asarray, "Dask": dask.array.from_array,
              "array-api-strict": array_api_strict.asarray, "sparse": sparse.COO.from_numpy}
small, great = np.array([0, 200, 9], np.uint8), np.array([1, 201, 5], np.uint8)
ends = np.array([np.iinfo(np.int32).max]), np.array([np.iinfo(np.int32).min])
ends = tuple(end.astype(np.int32) for end in ends)
for name, container in containers.items():
    results = close(container, small, great), close(container, great, small), close(container, *ends)
    print(f"{name}: 0 and 1, 200 and 201, 9 and 5: {results[0]}; exchanged {results[1]}; int32 {results[2]}")
    wraps = name in ("array-api-strict", "sparse")
    assert results[0] == [not wraps, not wraps, False]
    assert results[1] == [True, True, False] and results[2] == [wraps]
    floats = [numbers.astype(np.float32) for numbers in (small, great)]
    assert close(container, *floats) == [True, True, False]
PYTHON
