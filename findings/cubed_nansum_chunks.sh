#!/usr/bin/env bash
# Cubed 0.27.0: nansum of an array with both infinities is 0, 5, 6 or NaN, by the size of its chunks.
#
# One would expect:  NaN, as NumPy and Dask give: only the NaN of the array counts as zero, and not that
#                    of a sum of infinities.
# What happens:      the sums of the chunks are added by nansum again.  A chunk with both infinities
#                    becomes NaN and then zero, with all its other numbers.  nanmean has it too.
# Why it matters:    the parts of the array that vanish depend on the chunks.  sum and mean are right.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages cubed==0.27.0 dask==2026.8.0 numpy==2.4.6
program <<'PYTHON'
import cubed
import cubed.array_api as xp
import dask.array as da
import numpy as np

x = np.array([3, np.inf, -np.inf, 1, 2, 3])
found = {}
for chunk in (1, 2, 3, 6):
    array = cubed.from_array(x, chunks=chunk)
    found[chunk] = float(cubed.nansum(array).compute())
    print(f"chunks of {chunk}: nansum {found[chunk]}, nanmean {float(cubed.nanmean(array).compute())}")
    assert np.isclose(float(cubed.nanmean(array).compute()), found[chunk] / 6)
    assert np.isnan(xp.sum(array).compute()) and np.isnan(da.nansum(da.from_array(x, chunks=chunk)).compute())
assert found == {1: 6, 2: 5, 3: 6, 6: 0}
apart = np.array([3, np.inf, 1, -np.inf, 2, 3])
results = [float(cubed.nansum(cubed.from_array(apart, chunks=chunk)).compute()) for chunk in (2, 3)]
print("further apart, chunks of 2 and 3:", results)
assert results[0] == 5 and np.isnan(results[1])
print("NumPy:", np.nansum(x), np.nansum(apart))
assert np.isnan(np.nansum(x)) and np.isnan(np.nansum(apart))
PYTHON
