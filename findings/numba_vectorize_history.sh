#!/usr/bin/env bash
# Numba 0.65.1: the type of a vectorize function's result depends on the calls that came before.
#
# One would expect:  float32 for float32 input, always, as it is in a fresh process.
# What happens:      vectorize without signatures compiles a loop at the first call with a type, unless a
#                    loop that exists can take the input by a safe cast.  Once it has seen float64,
#                    float32 goes through that loop and gives float64.  After the same two calls there
#                    are the loops f->f and d->d, or d->d alone.
# Why it matters:    a call elsewhere in the program, or a test that runs first, changes the type, the
#                    memory and the speed of every later float32 result.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numba==0.65.1 numpy==2.4.6
program <<'PYTHON'
import numba
import numpy as np

def square(x):
    return x * x

single, double = np.ones(3, np.float32), np.ones(3)
narrow_first, wide_first = numba.vectorize(square), numba.vectorize(square)
before = narrow_first(single).dtype
narrow_first(double)
wide_first(double)
after = wide_first(single).dtype
print("float32 first:", before, narrow_first.types, " float64 first:", after, wide_first.types)
assert before == narrow_first(single).dtype == np.float32
assert after == np.float64
PYTHON
