#!/usr/bin/env bash
# numpy_quaddtype 1.0.0: int() of every number above 2^63 is 9223372036854775807, without an error.
#
# One would expect:  int(QuadPrecision("1e30")) = 10**30, as int(1e30) works for Python's and NumPy's
#                    floats; or an OverflowError.
# What happens:      int(), round() and math.floor() give the largest 64-bit integer, and the smallest for
#                    negative numbers.  The way in is exact: QuadPrecision(2**70 + 1) has all of its bits.
# Why it matters:    integers between 2^63 and 2^113 are what the type holds exactly and float64 does not.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numpy_quaddtype==1.0.0 numpy==2.4.6
program <<'PYTHON'
import numpy as np
from numpy_quaddtype import QuadPrecision

number = QuadPrecision(2**70 + 1)
print(f"{str(number)}: int {int(number)}, round {round(number)}; float64 {int(np.float64(2**70 + 1))}")
assert number == QuadPrecision("1180591620717411303425") != QuadPrecision(2**70)
assert int(number) == round(number) == int(QuadPrecision("1e30")) == 2**63 - 1
assert int(-number) == -(2**63)
assert int(np.float64(2**70)) == int(np.longdouble(2**70)) == 2**70
PYTHON
