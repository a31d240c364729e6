#!/usr/bin/env bash
# mkl_umath 0.5.0: exp that overflows raises under errstate for 8192 numbers, and not for 8193.
#
# One would expect:  np.errstate(over="raise") to raise FloatingPointError whenever a number overflows.
# What happens:      from 8193 contiguous numbers on, exp and exp2 give infinity in silence; cosh, sinh and
#                    expm1 of the same numbers raise at any length, and so does np.exp.
# Why it matters:    the guard passes its tests, which are short, and is off for real data.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages mkl_umath==0.5.0 mkl==2026.2.0 numpy==2.4.6
program <<'PYTHON'
import mkl_umath
import numpy as np

def raises(function, count):
    """Return whether the function of so many numbers, one of them too large, raises."""
    x = np.zeros(count)
    x[count // 2] = 2000
    try:
        with np.errstate(over="raise"):
            assert np.isinf(function(x)).sum() == 1
    except FloatingPointError:
        return True
    return False

for name in ("exp", "exp2", "cosh", "sinh", "expm1"):
    results = [raises(getattr(mkl_umath, name), count) for count in (1, 8192, 8193)]
    print(f"{name} of 1, 8192, 8193 numbers: raises {results}")
    assert results == [True, True, name not in ("exp", "exp2")]
    assert raises(getattr(np, name), 8193)
PYTHON
