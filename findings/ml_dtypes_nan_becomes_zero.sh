#!/usr/bin/env bash
# ml_dtypes 0.6.0: NaN becomes -0.0 in the 4- and 6-bit types, infinity the largest number.
#
# One would expect:  an error or a warning where a type has no NaN, or the largest number, as for
#                    infinity; at least what the 8-bit types do, which keep NaN.
# What happens:      float4_e2m1fn, float6_e2m3fn and float6_e3m2fn turn NaN into -0.0, in silence, and
#                    infinity and 1e5 into 6, 7.5 and 28.  In float8_e4m3fn 500 is NaN although the
#                    largest number is 448, and float8_e8m0fnu turns -0.0 into NaN.
# Why it matters:    a broken activation is hidden: -0.0 is also gelu's result for very negative
#                    inputs, so no check of the stored numbers can find it.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages ml_dtypes==0.6.0 numpy==2.4.6
program <<'PYTHON'
import ml_dtypes
import numpy as np

def cast(name, value):
    with np.errstate(all="raise"):
        return float(np.array([value], np.float32).astype(getattr(ml_dtypes, name))[0])

for name, largest in (("float4_e2m1fn", 6), ("float6_e2m3fn", 7.5), ("float6_e3m2fn", 28)):
    nan = cast(name, np.nan)
    print(f"{name}: NaN becomes {nan}, infinity {cast(name, np.inf)}, 1e5 {cast(name, 1e5)}")
    assert nan == 0 and np.signbit(nan)
    assert cast(name, np.inf) == cast(name, 1e5) == largest
for name in ("float8_e4m3fn", "float8_e5m2", "float8_e4m3", "float8_e3m4"):
    assert np.isnan(cast(name, np.nan))
assert np.isnan(cast("float8_e4m3fn", 500)) and np.isnan(cast("float8_e8m0fnu", -0.0))
PYTHON
