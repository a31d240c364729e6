#!/usr/bin/env bash
# PyTorch 2.14.1: infinity becomes 448 in float8_e4m3fn, infinity in float8_e5m2, NaN in the fnuz types.
#
# One would expect:  one rule for what is too large: NaN where a type has no infinity, as ml_dtypes
#                    0.6.0 has it for the same types.
# What happens:      float8_e4m3fn saturates: 500, 1e38 and infinity are 448, and an overflow leaves no
#                    trace.  float8_e4m3fnuz gives NaN for them.  float8_e8m0fnu drops the sign, -18.7
#                    becomes 16, and its NaN passes torch.isfinite as well as torch.isnan.
# Why it matters:    JAX and NumPy share these types and their bytes; a check for NaN after the
#                    conversion finds an overflow there and not here.
#
# Installs about 3 GB: the wheels for Linux bring CUDA along; nothing here uses a GPU.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages torch==2.14.1 numpy==2.4.6 ml_dtypes==0.6.0
program <<'PYTHON'
import ml_dtypes
import numpy as np
import torch

numbers = np.array([500, 1e38, np.inf, -np.inf], np.float32)

def torch_cast(name, x):
    return torch.from_numpy(x).to(getattr(torch, name)).float().numpy()

def numpy_cast(name, x):
    return x.astype(getattr(ml_dtypes, name)).astype(np.float32)

inf, nan = np.inf, np.nan
expected = {
    "float8_e4m3fn": ([448, 448, 448, -448], [nan] * 4),
    "float8_e5m2": ([512, inf, inf, -inf], [512, inf, inf, -inf]),
    "float8_e4m3fnuz": ([nan] * 4, [nan] * 4),
}
for name, (here, there) in expected.items():
    print(f"{name} of {numbers}: {torch_cast(name, numbers)}, ml_dtypes {numpy_cast(name, numbers)}")
    assert np.array_equal(torch_cast(name, numbers), here, equal_nan=True)
    assert np.array_equal(numpy_cast(name, numbers), there, equal_nan=True)
negative = np.array([-18.7], np.float32)
print("float8_e8m0fnu of -18.7:", torch_cast("float8_e8m0fnu", negative), "ml_dtypes",
      numpy_cast("float8_e8m0fnu", negative))
assert torch_cast("float8_e8m0fnu", negative) == 16
invalid = torch.tensor([nan]).to(torch.float8_e8m0fnu)
print("its NaN: isnan", torch.isnan(invalid), "isfinite", torch.isfinite(invalid))
assert torch.isnan(invalid).all() and torch.isfinite(invalid).all()
PYTHON
