#!/usr/bin/env bash
# Polars 2.1.0: SciPy's erf of a Float32 series is Float64, while NumPy's sqrt of it stays Float32.
#
# One would expect:  Float32, as erf gives for a float32 array.
# What happens:      Polars reads the list of the ufunc's loops and takes the first that its type can
#                    be cast to safely.  NumPy's list begins with the narrow types, SciPy's erf with
#                    d->d.  Float16 shows both ends: erf gives Float64, sqrt fails, since its first
#                    loop is the one for float16, which Polars has no way to call.
# Why it matters:    the order of a ufunc's loops, of no effect in NumPy where one fits exactly,
#                    decides about the results' type and memory in another library.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages polars==2.1.0 numpy==2.4.6 scipy==1.17.1
program <<'PYTHON'
import numpy as np
import polars
from scipy.special import erf

single = polars.Series([1.0, -2.0], dtype=polars.Float32)
half = polars.Series([1.0, -2.0], dtype=polars.Float16)
print("erf:", erf(single).dtype, " sqrt:", np.sqrt(single).dtype, " loops:", erf.types, np.sqrt.types[:3])
print("erf of a NumPy array:", erf(single.to_numpy()).dtype, " erf of Float16:", erf(half).dtype)
assert erf(single).dtype == erf(half).dtype == polars.Float64
assert np.sqrt(single).dtype == polars.Float32 and erf(single.to_numpy()).dtype == np.float32
try:
    np.sqrt(half)
except NotImplementedError as error:
    print("sqrt of Float16: NotImplementedError:", error)
else:
    raise AssertionError
PYTHON
