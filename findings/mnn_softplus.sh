#!/usr/bin/env bash
# MNN 3.6.1: softplus is never above 87, and exp of infinity is 6e37.
#
# One would expect:  softplus(1000) to be 1000: log(1 + exp(x)) is x for large x.  A simple implementation
#                    would give infinity, which is easily seen.
# What happens:      exp takes every argument above 87 for 87.  Softplus is computed through it, so it is 87
#                    for 88, for 1000 and for 1e10.  cosh(100) is infinity, gelu(1000) is 1000: these are
#                    right.
# Why it matters:    the result is finite and plausible.  Softplus makes scales, variances and step sizes:
#                    those above 87 are cut off without a sign.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages mnn==3.6.1 numpy==2.4.6
program <<'PYTHON'
import numpy as np
import MNN.expr as F

x = np.array([1, 20, 80, 88, 100, 1000, 1e10, np.inf], np.float32)

def computed(function):
    """Return a function of the numbers."""
    return np.array(function(F.const(x, list(x.shape), F.NCHW, F.float)).read())

results = {function.__name__: computed(function) for function in (F.softplus, F.exp, F.cosh, F.gelu, F.relu)}
for name, numbers in results.items():
    print(f"{name:9}{numbers}")
softplus = results["softplus"]
np.testing.assert_allclose(softplus[:3], np.log1p(np.exp(x[:3].astype(float))), rtol=1e-5)
assert np.all((86 < softplus[3:]) & (softplus[3:] < 88))
assert np.all(results["exp"] < 1e38) and results["exp"][-1] == results["exp"][-2]
assert np.all(np.isinf(results["cosh"][4:]))
np.testing.assert_array_equal(results["gelu"][3:], x[3:])
np.testing.assert_array_equal(results["relu"], x)
PYTHON
