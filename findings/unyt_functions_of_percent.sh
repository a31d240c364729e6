#!/usr/bin/env bash
# unyt 3.2.0: tanh and exp of percent, degrees and metres use the bare number.
#
# One would expect:  tanh of 100 % is tanh(1) = 0.76, and tanh of one metre is an error.  unyt knows
#                    both: 100 % equals 1, and sin of 90 degrees gives 1.
# What happens:      only the trigonometric functions look at the unit.  tanh(100 %) is tanh(100) = 1,
#                    exp(180 degrees) is exp(180) = 1.5e78, tanh(1 m) is 0.76 without an error; yet
#                    sp.erf of a number without a unit raises TypeError, as any foreign ufunc does.
# Why it matters:    activation functions are made of exp, tanh and erf: written in NumPy they ignore
#                    units in silence, as one ufunc of a package they are refused.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages unyt==3.2.0 numpy==2.4.6 scipy==1.17.1
program <<'PYTHON'
import math
import numpy as np
import scipy.special
from unyt import unyt_array

percent, degrees, metre = (unyt_array([100.0], "percent"), unyt_array([180.0], "degree"),
                           unyt_array([1.0], "m"))
print("100 % as a number:", percent.to("").value, " tanh(100 %):", np.tanh(percent))
print("exp(180 degrees):", np.exp(degrees), " sin(180 degrees / 2):", np.sin(degrees / 2))
print("tanh(1 m):", np.tanh(metre))
assert percent.to("").value == 1 and np.tanh(percent) == math.tanh(100)
assert np.sin(degrees / 2) == 1 and np.isclose(np.exp(degrees), math.exp(180))
assert np.isclose(np.tanh(metre), math.tanh(1))
try:
    scipy.special.erf(unyt_array([1.0], ""))
except TypeError:
    print("erf of a number without a unit: TypeError")
else:
    raise AssertionError
PYTHON
