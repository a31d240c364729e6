#!/usr/bin/env bash
# Halide 21.0.0: exp of infinity is 0 in float32, and log of infinity 88.7, also under strict_float.
#
# One would expect:  infinity, at least for the target feature strict_float, which is there to ask for
#                    IEEE 754's rules; exp(100) is infinity.
# What happens:      in float32 exp of infinity and of NaN is 0, log of infinity is 88.72284, erf of infinity
#                    NaN, with the feature and without.  In float64 exp of both and log of infinity are
#                    right.
# Why it matters:    a logit that overflowed gets the weight 0 in a softmax instead of NaN or all of it, and
#                    the switch that one would look for first does not help.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages halide==21.0.0 numpy==2.4.6
program <<'PYTHON'
import halide
import numpy as np

x = halide.Var("x")

def computed(function, numbers, target):
    """Return the function of these numbers, compiled for this target."""
    values, result = halide.Buffer(numbers), halide.Func("result")
    result[x] = function(values[x])
    return np.array(result.realize([len(numbers)], target))

host = halide.get_jit_target_from_environment()
numbers = np.array([np.inf, np.nan, 100, 1], np.float32)
for target in (host, host.with_feature(halide.TargetFeature.StrictFloat)):
    exp, log, erf = (computed(function, numbers, target) for function in (halide.exp, halide.log, halide.erf))
    print("exp:", exp, "log:", log, "erf:", erf)
    assert exp[0] == exp[1] == 0 and np.isinf(exp[2]) and abs(exp[3] - np.e) < 1e-6
    assert abs(log[0] - 88.72284) < 1e-4 and np.isnan(erf[0]) and erf[2] == 1
    assert np.isinf(computed(halide.exp, numbers.astype(float), target)[0])
PYTHON
