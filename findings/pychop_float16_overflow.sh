#!/usr/bin/env bash
# Pychop 0.6.1: what overflows in float16 becomes zero from 65536 to 131071, and infinity above.
#
# One would expect:  infinity from 65520 on, as for np.float16: the package simulates such types.
# What happens:      65520 becomes 65536, which no float16 is; 70000 becomes 0; 131072 becomes infinity.  The
#                    first exponent above the largest is counted neither as a normal one nor as overflow,
#                    and what is neither is 0.  It is the same for e5m2, with the four roundings to nearest,
#                    up, down and towards zero, and for bfloat16 of a float64 at 2^128.
# Why it matters:    who looks whether a computation survives float16 sees an overflow as a small number.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages pychop==0.6.1 numpy==2.4.6
program <<'PYTHON'
import numpy as np
from pychop import Chop

x = np.array([65504, 65520, 65536, 70000, -100000, 131071, 131072, 1e6])
with np.errstate(over="ignore"):
    reference = x.astype(np.float16)
for rounding in (1, 2, 3, 4):
    result = Chop(exp_bits=5, sig_bits=10, rmode=rounding)(x.copy())
    print(f"rounding {rounding}: {result}, NumPy {reference}")
    assert (result[2:6] == 0).all()
result = Chop(exp_bits=5, sig_bits=10)(x.copy())
assert np.array_equal(result, [65504, 65536, 0, 0, 0, 0, np.inf, np.inf])
assert np.isinf(reference[1:]).all()
assert Chop(exp_bits=5, sig_bits=2)(np.array([70000.0]))[0] == 0
assert Chop(exp_bits=8, sig_bits=7)(np.array([1.5 * 2.0**128]))[0] == 0
PYTHON
