#!/usr/bin/env bash
# MindSpore 2.10.0: expm1 and log1p of float32 1e-8 are 0; in float64 they have four digits at 1e-12.
#
# One would expect:  1e-8: these functions exist to be right for small numbers.
# What happens:      they are exp(x) - 1 and log(1 + x) as they stand, on the CPU, in every type.  In float32
#                    they are 0 from 3e-8 down; in float16 from 0.0002 down.  sinh and tanh of 1e-8 are 1e-8.
# Why it matters:    code that was written with expm1 and log1p for its last digits, ELU, softplus, interest,
#                    a loss near zero, gets the very error that it avoids.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages mindspore==2.10.0 numpy==1.26.4 setuptools==80.9.0
program <<'PYTHON'
import mindspore
import numpy as np
from mindspore import Tensor, ops

mindspore.set_device("CPU")

for kind, number, smallest_error, zero in ((np.float64, 1e-12, 5e-5, 1e-17), (np.float32, 1e-4, 1e-4, 1e-8),
                                           (np.float16, 1e-3, 0.01, 1e-4)):
    for name in ("expm1", "log1p", "sinh", "tanh"):
        function = getattr(ops, name)
        result = function(Tensor(np.array([number, zero], kind))).asnumpy()
        right = getattr(np, name)(np.array([number, zero], kind).astype(float))
        errors = np.abs(result / right - 1)
        print(f"{kind.__name__}: {name} of {number} and {zero}: {result}, relative errors {errors}")
        if name in ("expm1", "log1p"):
            assert errors[0] > smallest_error and result[1] == 0
        else:
            assert np.all(errors < 1e-3)
PYTHON
