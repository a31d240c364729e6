#!/usr/bin/env bash
# Dr.Jit 1.5.0: erf of NaN is 1.
#
# One would expect:  NaN, as math.erf gives, and as Dr.Jit's exp, log, sin and atan do.
# What happens:      1, in float16, float32 and float64 arrays and for Python's float.  A step on the way
#                    that is not finite is replaced by 1, so that infinity comes out right; NaN is not
#                    finite either.
# Why it matters:    the normal distribution's function (1 + erf) / 2 of a failed value is the certainty 1,
#                    and no NaN is left to find it by.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages drjit==1.5.0
program <<'PYTHON'
import math

import drjit
from drjit.scalar import ArrayXf, ArrayXf16, ArrayXf64

nan = math.nan
print("Python:", drjit.erf(nan), "exp:", drjit.exp(nan), "math.erf:", math.erf(nan))
assert drjit.erf(nan) == 1 and math.isnan(math.erf(nan))
for array in (ArrayXf16, ArrayXf, ArrayXf64):
    numbers = array([nan, math.inf, 0.5])
    print(f"{array.__name__}: erf {drjit.erf(numbers)}")
    assert drjit.erf(numbers)[0] == drjit.erf(numbers)[1] == 1
    assert abs(drjit.erf(numbers)[2] - math.erf(0.5)) < 1e-3
    for function in (drjit.exp, drjit.log, drjit.sin, drjit.atan):
        assert math.isnan(function(numbers)[0])
PYTHON
