#!/usr/bin/env bash
# PyTorch 2.14.1: torch.special.ndtr is 0 from -5.6 on in float32; log_ndtr beside it is right.
#
# One would expect:  ndtr(-6) = 9.87e-10, as scipy.special.ndtr gives in float32, whose name it has, and
#                    as exp(torch.special.log_ndtr(x)) gives.
# What happens:      the results are those of (1 + erf) / 2, where the digits cancel: 0 for -6, 57 % too
#                    much for -5.5, 4 % for -5.  In float64 it is 0 at -10, where the value is 7.6e-24.
#                    log_ndtr keeps the tail.
# Why it matters:    x * ndtr(x) is GELU, and ndtr is the probability of a rare event: the function is no
#                    better there than the formula that one calls it to avoid.
#
# Installs about 3 GB: the wheels for Linux bring CUDA along; nothing here uses a GPU.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages torch==2.14.1 numpy==2.4.6 scipy==1.17.1
program <<'PYTHON'
import scipy.special
import torch

for kind in (torch.float32, torch.float64):
    x = torch.tensor([-5.0, -5.5, -6.0, -10.0], dtype=kind)
    ndtr, other = torch.special.ndtr(x), torch.special.log_ndtr(x).exp()
    reference = torch.from_numpy(scipy.special.ndtr(x.numpy()))
    print(f"{kind}: ndtr {ndtr.tolist()}")
    print(f"    exp(log_ndtr) {other.tolist()}, SciPy {reference.tolist()}")
    assert torch.allclose(other, reference, rtol=1e-4, atol=0)
    if kind == torch.float32:
        assert (ndtr[2:] == 0).all() and ndtr[1] > 1.5 * reference[1] and ndtr[0] > 1.03 * reference[0]
    assert ndtr[3] == 0 and reference[3] > 7e-24
PYTHON
