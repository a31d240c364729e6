#!/usr/bin/env bash
# ml_dtypes 0.6.0: an int4 array times a Python float is float16; a scale of 1e-8 gives zeros.
#
# One would expect:  float64, as for int8 and every other integer type of NumPy.
# What happens:      int4 counts as narrow enough for float16: 7 * 1e-8 is 0 and 7 * 1e5 is infinity,
#                    while the same numbers as int8 give 7e-8 and 7e5.  bfloat16 and float8 arrays give
#                    float32.  Nor do sums widen: twenty ones in int4 sum to 4, in int8 to 20.
# Why it matters:    weights in 4 bits exist to be multiplied by a scale; a scale that is a Python float,
#                    below 6e-8 / 7, removes the layer without an error.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages ml_dtypes==0.6.0 numpy==2.4.6
program <<'PYTHON'
import ml_dtypes
import numpy as np

narrow = np.array([-8, 7], ml_dtypes.int4)
wide = narrow.astype(np.int8)
with np.errstate(over="ignore"):
    for scale in (0.5, 1e-8, 1e5):
        print(f"times {scale}: int4 {narrow * scale} {(narrow * scale).dtype}, int8 {wide * scale}")
    assert (narrow * 0.5).dtype == np.float16 and (wide * 0.5).dtype == np.float64
    assert not (narrow * 1e-8).any() and np.isinf(narrow * 1e5).all()
assert (np.ones(2, ml_dtypes.bfloat16) * 0.5).dtype == np.float32
total = np.ones(20, ml_dtypes.int4).sum()
print("sum of twenty ones: int4", total, "int8", np.ones(20, np.int8).sum())
assert total == 4
PYTHON
