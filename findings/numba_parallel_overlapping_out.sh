#!/usr/bin/env bash
# Numba 0.65.1: a ufunc of vectorize(target="parallel") is wrong now and then where out= overlaps.
#
# One would expect:  f(x[1:], out=x[:-1]) gives what f gives for a copy, since NumPy promises for
#                    every ufunc that overlap changes nothing, and makes temporary copies for it.
# What happens:      NumPy makes no copy here: a loop that goes from the first element to the last
#                    reads each element before it is overwritten.  Numba's loop gives each thread a
#                    part.  At the border between two parts the result depends on who comes first.
#                    One number of 400,000 is wrong in more than half of the calls, on two CPUs.
# Why it matters:    whoever writes a ufunc that uses threads has to look for overlap again; NumPy's
#                    promise to callers rests on an order of the loop.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numba==0.65.1 numpy==2.4.6
program <<'PYTHON'
import math
import numba
import numpy as np

def gelu(x):
    return 0.5 * x * (1 + math.erf(x * math.sqrt(0.5)))

def wrong_calls(ufunc, calls=400):
    """Count the calls with a wrong result."""
    source = np.linspace(-4, 4, 400_001)
    expected = ufunc(source[1:].copy())
    count = 0
    for _ in range(calls):
        x = source.copy()
        ufunc(x[1:], out=x[:-1])
        count += not np.array_equal(x[:-1], expected)
    return count

serial = wrong_calls(numba.vectorize(["f8(f8)"])(gelu))
parallel = wrong_calls(numba.vectorize(["f8(f8)"], target="parallel")(gelu))
print(f"wrong calls of 400: {serial} with target='cpu', {parallel} with target='parallel'")
assert numba.config.NUMBA_NUM_THREADS > 1, "needs two CPUs"
assert serial == 0 and parallel > 0
PYTHON
