#!/usr/bin/env bash
# PyTorch 2.14.1: the gradient of torch.special.log_ndtr is 0.4 at -100,000 in float32; its value is right.
#
# One would expect:  about |x|, as -x^2 / 2 is most of the value: 100 at -100, 100,000 at -100,000.
# What happens:      backward takes the exponential of two large numbers' difference, whose last digits
#                    are rounded: 4 % too little at -1000, 6.5 times too much at -10,000, then 0.3989,
#                    and exactly 0 at a million.  In float64 it is twice too much at -1e8, and 0.3989 at
#                    -1e9.  Forward mode gives the same.
# Why it matters:    the function is there for the far tail, to fit a probit model to rare events: there
#                    the loss is right, and the step that shall reduce it is wrong by any factor.
#
# Installs about 3 GB: the wheels for Linux bring CUDA along; nothing here uses a GPU.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages torch==2.14.1 numpy==2.4.6 scipy==1.17.1
program <<'PYTHON'
import math

import scipy.special
import torch

def ratios(kind, numbers):
    """Return gradients over the right ones, which a function without cancellation gives."""
    x = torch.tensor(numbers, dtype=kind, requires_grad=True)
    values = torch.special.log_ndtr(x)
    reference = torch.from_numpy(scipy.special.log_ndtr(x.detach().numpy()))
    assert torch.allclose(values.detach(), reference, rtol=1e-6)
    values.sum().backward()
    right = [math.sqrt(2 / math.pi) / scipy.special.erfcx(-number / math.sqrt(2)) for number in numbers]
    for number, gradient, expected in zip(numbers, x.grad.tolist(), right, strict=True):
        print(f"{kind} at {number}: gradient {gradient}, the right one {expected}")
    return [gradient / expected for gradient, expected in zip(x.grad.tolist(), right, strict=True)]

near, wrong, more, less, zero = ratios(torch.float32, [-5.0, -1e3, -1e4, -1e5, -1e6])
assert abs(near - 1) < 1e-5 and wrong < 0.96 and more > 6 and less < 1e-5 and zero == 0
near, more, less = ratios(torch.float64, [-1e3, -1e8, -1e9])
assert abs(near - 1) < 1e-9 and more > 1.9 and less < 1e-9
PYTHON
