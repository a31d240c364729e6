#!/usr/bin/env bash
# MindSpore 2.10.0: mish of 45 is NaN, in float32, float64 and float16.
#
# One would expect:  45, as x tanh(softplus(x)) gives with the softplus and tanh of the same package; silu and
#                    gelu of 45 are 45.
# What happens:      from 44.4 on the result is NaN: a power of e to twice x overflows float32.  float64 is
#                    computed in float32.  logsigmoid is of the same kind: it is -infinity from -89 on, and
#                    from -20 on in float16, where -softplus(-x) is right.
# Why it matters:    45 is an ordinary number in a network; one such number makes all that follows NaN.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages mindspore==2.10.0 numpy==1.26.4 setuptools==80.9.0
program <<'PYTHON'
import mindspore
import numpy as np
from mindspore import Tensor, ops

mindspore.set_device("CPU")
numbers = np.array([10, 44, 45, 100, 1000])

for kind in (np.float64, np.float32, np.float16):
    x = Tensor(numbers.astype(kind))
    whole, in_steps = ops.mish(x).asnumpy(), (x * ops.tanh(ops.softplus(x))).asnumpy()
    print(f"{kind.__name__}: mish {whole}, in steps {in_steps}")
    np.testing.assert_array_equal(np.isnan(whole), numbers > 44)
    for right in (in_steps, ops.silu(x).asnumpy(), ops.gelu(x).asnumpy()):
        np.testing.assert_allclose(right, numbers, rtol=1e-3)

for kind, lowest in ((np.float32, 88), (np.float16, 10)):
    x = Tensor(-np.array([5, 10, 20, 80, 90, 200], kind))
    whole, in_steps = ops.logsigmoid(x).asnumpy(), (-ops.softplus(-x)).asnumpy()
    print(f"{kind.__name__}: logsigmoid {whole}, in steps {in_steps}")
    np.testing.assert_array_equal(whole == -np.inf, x.asnumpy() < -lowest)
    np.testing.assert_allclose(in_steps, x.asnumpy(), rtol=1e-2)
PYTHON
