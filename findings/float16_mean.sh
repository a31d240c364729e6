#!/usr/bin/env bash
# The mean of 100,000 ones in float16 is 1 in NumPy, infinity in xarray and np.nanmean, NaN in Dask.
#
# One would expect:  1 everywhere, as np.mean sums float16 in float32 and the others build on NumPy.
# What happens:      only np.mean has that rule.  xarray 2026.9.0 sums in float16 even where nothing is
#                    missing; with skipna=False it is right.  Dask 2026.8.0 counts in float16 too, so the
#                    mean of 70,000 numbers 0.1 is 0.  In NumPy itself np.nanmean and np.var overflow,
#                    and np.average gives NaN once it gets weights.  jnp.nanmean of JAX is NaN.
# Why it matters:    activations and model outputs are stored in float16; the same mean is right for a
#                    bare array and lost once it has labels, chunks or a missing value.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numpy==2.4.6 xarray==2026.9.0 "dask[array]==2026.8.0" pandas==3.1.1 jax==0.10.2 jaxlib==0.10.2
program <<'PYTHON'
import dask.array
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray

ones = np.ones(100_000, np.float16)
missing = ones.copy()
missing[0] = np.nan
chunks = dask.array.from_array(ones, chunks=10_000)
means = {
    "np.mean": ones.mean(),
    "pandas": pd.Series(ones).mean(),
    "xarray, skipna=False": xarray.DataArray(ones).mean(skipna=False).item(),
    "xarray": xarray.DataArray(ones).mean().item(),
    "np.nanmean, one NaN": np.nanmean(missing),
    "np.var": ones.var(),
    "np.average with weights of 1": np.average(ones, weights=ones),
    "Dask": chunks.mean().compute(),
    "jnp.mean": float(jnp.mean(ones)),
    "jnp.nanmean": float(jnp.nanmean(ones)),
}
small = dask.array.full(70_000, 0.1, chunks=10_000, dtype=np.float16).mean().compute()
print("Dask, of 70,000 numbers 0.1:", small)
assert small == 0
for name, mean in means.items():
    print(f"{name}: {mean}")
inf, nan = np.inf, np.nan
assert np.array_equal(list(means.values()), [1, 1, 1, inf, inf, inf, nan, nan, 1, nan], equal_nan=True)
PYTHON
