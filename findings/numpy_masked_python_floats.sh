#!/usr/bin/env bash
# NumPy 2.4.6: a float32 masked array times a Python float is float64, unlike any other array.
#
# One would expect:  float32, as 0.5 * array gives since NumPy 2: a Python number takes the type of
#                    what it meets.
# What happens:      0.5 * masked and np.ma.hypot(masked, 1.0) are float64: numpy.ma makes an array of
#                    the number before NumPy sees it.  The ufunc itself, np.multiply(masked, 0.5), is
#                    float32, and so is np.hypot.  So the result's type depends on the spelling.
# Why it matters:    0.5 * x * (1 + np.tanh(...)) in float32 becomes float64 for masked data alone,
#                    twice the memory and other last bits; the same formula as one ufunc does not.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numpy==2.4.6
program <<'PYTHON'
import numpy as np

array = np.ones(3, np.float32)
masked = np.ma.array(array, mask=[0, 1, 0])
types = {
    "0.5 * array": 0.5 * array,
    "0.5 * masked": 0.5 * masked,
    "np.multiply(masked, 0.5)": np.multiply(masked, 0.5),
    "np.ma.multiply(masked, 0.5)": np.ma.multiply(masked, 0.5),
    "np.hypot(masked, 1.0)": np.hypot(masked, 1.0),
    "np.ma.hypot(masked, 1.0)": np.ma.hypot(masked, 1.0),
}
for spelling, result in types.items():
    print(f"{spelling}: {result.dtype}")
f4, f8 = np.float32, np.float64
assert [result.dtype for result in types.values()] == [f4, f8, f4, f8, f4, f8]
PYTHON
