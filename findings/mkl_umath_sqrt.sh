#!/usr/bin/env bash
# mkl_umath 0.5.0, MKL 2026.2.0: the square root of 8193 numbers is not correctly rounded, of 8192 it is.
#
# One would expect:  the nearest number, which IEEE 754 requires of the square root, and which every CPU has
#                    an instruction for; and the same bits for the same number.
# What happens:      from 8193 contiguous numbers on MKL's vector function is called, and 20 % of the roots
#                    are the nearest number's neighbour in float32, 1.4 % in float64.  The same numbers in an
#                    array with gaps, or by pieces of 8192, are right.
# Why it matters:    the package replaces NumPy's ufuncs by one call.  Proofs and tests that rest on sqrt,
#                    hypot's or a QR's among them, hold up to a length.
#
# MKL_CBWR=COMPATIBLE takes the code that MKL has for every CPU; without it the same was seen.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages mkl_umath==0.5.0 mkl==2026.2.0 numpy==2.4.6
export MKL_CBWR=COMPATIBLE
program <<'PYTHON'
import mkl_umath
import numpy as np

for kind, least in ((np.float32, 0.1), (np.float64, 0.005)):
    x = np.random.default_rng(0).uniform(1, 4, 8193).astype(kind)
    right = np.sqrt(x)
    whole, part, gaps = mkl_umath.sqrt(x), mkl_umath.sqrt(x[:8192]), mkl_umath.sqrt(np.repeat(x, 2)[::2])
    shares = np.mean(whole != right), np.mean(part != right[:8192])
    print(f"{kind.__name__}: {shares[0]:.1%} differ of 8193 numbers, {shares[1]:.1%} of 8192")
    assert np.mean(whole != right) > least
    assert np.array_equal(part, right[:8192]) and np.array_equal(gaps, right)
PYTHON
