#!/usr/bin/env bash
# tinygrad 0.14.0: sort of 3, NaN, 2, 1 is 1, 2, 3, 3.
#
# One would expect:  the same four numbers in another order, the NaN at one end, as in NumPy, PyTorch and JAX.
# What happens:      the NaN is gone, and 3 is there twice; topk gives 3 and 3, and argsort names the place of
#                    3 twice.  max of the four is 3, or NaN, by the place of the NaN.
# Why it matters:    a median or a choice of the largest looks right: no NaN is left that would show that a
#                    network has gone wrong, and one number counts twice.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages tinygrad==0.14.0 numpy==2.4.6
export DEV=PYTHON  # needs no compiler
program <<'PYTHON'
import math
import numpy as np
from tinygrad import Tensor

numbers = [3, math.nan, 2, 1]
in_order, order = (part.tolist() for part in Tensor(numbers).sort())
print("sort:", in_order, "places:", order, "topk:", Tensor(numbers).topk(2)[0].tolist())
print("maximum:", [Tensor(numbers[i:] + numbers[:i]).max().item() for i in range(4)])
assert in_order == [1, 2, 3, 3] and order == [3, 2, 0, 0]
assert Tensor(numbers).topk(2)[0].tolist() == [3, 3]
np.testing.assert_array_equal(np.sort(numbers), [1, 2, 3, math.nan])
assert Tensor([3, 4, 2, 1]).sort()[0].tolist() == [1, 2, 3, 4]
assert Tensor([3, math.inf, 2, 1]).sort()[0].tolist() == [1, 2, 3, math.inf]
PYTHON
