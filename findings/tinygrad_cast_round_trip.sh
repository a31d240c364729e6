#!/usr/bin/env bash
# tinygrad 0.14.0: a cast to float16 and back rounds nothing.
#
# One would expect:  1.0005 to become 1.00098, the next float16, and 1e-9 to become 0: the same with bfloat16
#                    and float8 rounds, and so do other packages with float16.
# What happens:      x.cast(half).float() is simplified to x, also where something is computed after it.  If
#                    the middle is realized, which is to change speed alone, the result is rounded.
# Why it matters:    this is how one asks what a network would lose in float16, or where it would overflow:
#                    tinygrad answers "nothing, nowhere".
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages tinygrad==0.14.0 numpy==2.4.6 ml_dtypes==0.6.0
export DEV=PYTHON  # needs no compiler
program <<'PYTHON'
import ml_dtypes
import numpy as np
from tinygrad import Tensor, dtypes

numbers = np.array([1.0005, 0.1, 1e-9, 300], np.float32)
x = Tensor(numbers).realize()
for kind, known in ((dtypes.float16, np.float16), (dtypes.bfloat16, ml_dtypes.bfloat16),
                    (dtypes.fp8e5m2, ml_dtypes.float8_e5m2)):
    at_once, doubled = x.cast(kind).float().numpy(), (x.cast(kind).float() * 2).numpy()
    in_steps = x.cast(kind).realize().float().numpy()
    expected = numbers.astype(known).astype(np.float32)
    print(f"{kind}: at once {at_once}, in steps {in_steps}, expected {expected}")
    np.testing.assert_array_equal(in_steps, expected)
    if kind == dtypes.float16:
        np.testing.assert_array_equal(at_once, numbers)
        np.testing.assert_array_equal(doubled, numbers * 2)
    else:
        np.testing.assert_array_equal(at_once, expected)
        np.testing.assert_array_equal(doubled, expected * 2)
PYTHON
