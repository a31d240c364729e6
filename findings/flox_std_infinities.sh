#!/usr/bin/env bash
# xarray 2026.9.0 with flox 0.11.2: the standard deviation of a group with both infinities is 0.
#
# One would expect:  NaN, as xarray gives without flox, for the whole array with it, and for the mean.
# What happens:      the mean is NaN, and so is every deviation from it.  These are skipped, as if they
#                    were missing numbers, and the sum of none is 0.  skipna=False gives NaN.  With one
#                    infinity the result is infinity, not NaN.
# Why it matters:    installing flox changes the result from "undefined" to "no spread at all".
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages xarray==2026.9.0 flox==0.11.2 numpy==2.4.6 numpy-groupies==0.16.0
program <<'PYTHON'
import math
import numpy as np
import xarray as xr

def results(numbers, flox, **options):
    """Return mean and standard deviation of one group."""
    with xr.set_options(use_flox=flox):
        array = xr.DataArray(numbers, dims="x", coords={"group": ("x", [0] * len(numbers))})
        return tuple(getattr(array.groupby("group"), name)(**options).item() for name in ("mean", "std"))

both, one, finite = [3.0, np.inf, -np.inf, 1.0], [3.0, np.inf, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]
for name, numbers, expected in (("both", both, 0), ("one", one, math.inf)):
    print(f"{name}: mean and std with flox {results(numbers, True)}, without {results(numbers, False)}")
    assert results(numbers, True)[1] == expected
    assert math.isnan(results(numbers, False)[1]) and math.isnan(xr.DataArray(numbers).std().item())
    assert math.isnan(results(numbers, True, skipna=False)[1])
assert math.isnan(results(both, True)[0])
print("finite:", results(finite, True), results(finite, False))
assert np.allclose(results(finite, True), results(finite, False))
PYTHON
