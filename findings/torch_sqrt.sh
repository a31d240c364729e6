#!/usr/bin/env bash
# PyTorch 2.14.1: torch.sqrt is not correctly rounded: 20 % of float32 roots are the nearest number's neighbour.
#
# One would expect:  the nearest number, which IEEE 754 requires of the square root, every CPU has an
#                    instruction for, and NumPy and torch.compile give.
# What happens:      eager PyTorch calls Intel's MKL: 20 % of the results differ by one ulp in float32, 1.4 %
#                    in float64, at every length and stride.  So does mkl_umath 0.5.0, which puts MKL
#                    behind NumPy's ufuncs, from 8193 contiguous numbers on; 8192 it computes itself.
# Why it matters:    proofs and tests that rest on sqrt do not carry over from NumPy, and the compiled model
#                    differs from the eager one in an operation that nobody would look at.
#
# Seen on an AMD CPU, and with MKL_CBWR=COMPATIBLE, which takes the code that MKL has for every CPU.
# Installs about 3 GB: the wheels for Linux bring CUDA along; nothing here uses a GPU.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages torch==2.14.1 mkl_umath==0.5.0 mkl==2026.2.0 numpy==2.4.6
export MKL_CBWR=COMPATIBLE
program <<'PYTHON'
import mkl_umath
import numpy as np
import torch

for kind, least in ((np.float32, 0.1), (np.float64, 0.005)):
    x = np.random.default_rng(0).uniform(1, 4, 8193).astype(kind)
    right = np.sqrt(x)
    results = {
        "torch.sqrt": torch.from_numpy(x).sqrt().numpy(),
        "of one number each": np.array([torch.tensor(number).sqrt().item() for number in x], kind),
        "mkl_umath.sqrt": mkl_umath.sqrt(x),
    }
    for name, result in results.items():
        print(f"{kind.__name__}, {name}: {np.mean(result != right):.1%} differ from NumPy's")
        assert np.mean(result != right) > least and np.abs((result - right) / np.spacing(right)).max() == 1
    assert np.array_equal(mkl_umath.sqrt(x[:8192]), right[:8192])
PYTHON
