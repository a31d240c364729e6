#!/usr/bin/env bash
# PyTorch 2.14.1 and NumPy 2.4.6: x[~np.isnan(x)] of a tensor keeps the NaN.
#
# One would expect:  the numbers without NaN, as for an array; np.tanh and other ufuncs of a tensor give
#                    a tensor with the right numbers.
# What happens:      the bool result comes back as a uint8 tensor.  ~ then flips bits: 255 and 254, and
#                    as a mask both count as True, so x[~np.isnan(x)] is all of x.  masked_fill refuses
#                    the mask.  x * array works, array * x is a TypeError, np.multiply(array, x) works.
# Why it matters:    code for arrays that is handed a tensor runs, gives tensors, and drops no NaN.
#
# Installs about 3 GB: the wheels for Linux bring CUDA along; nothing here uses a GPU.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages torch==2.14.1 numpy==2.4.6
program <<'PYTHON'
import numpy as np
import torch

x = torch.tensor([1.0, float("nan"), -2.0])
missing = np.isnan(x)
print("isnan:", missing, " inverted:", ~missing)
print("x[~np.isnan(x)]:", x[~missing], " of an array:", x.numpy()[~np.isnan(x.numpy())])
assert missing.dtype == torch.uint8 and (~missing).tolist() == [255, 254, 255]
assert len(x[~missing]) == 3 and len(x.numpy()[~np.isnan(x.numpy())]) == 2
array = np.ones(3)
for name, product in (("x * array", lambda: x * array), ("np.multiply", lambda: np.multiply(array, x))):
    print(f"{name}:", product())
    assert isinstance(product(), torch.Tensor)
try:
    array * x
except TypeError as error:
    print("array * x: TypeError:", error)
else:
    raise AssertionError
PYTHON
