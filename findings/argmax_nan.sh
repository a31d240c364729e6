#!/usr/bin/env bash
# The argmax of numbers with one NaN is the NaN's place in NumPy and Dask, and elsewhere whatever comes.
#
# One would expect:  the place of the NaN, as max of the same numbers is NaN in each of these packages; or
#                    else the place of the greatest number.
# What happens:      Awkward and numpy_quaddtype skip the NaN, unless it comes first in Awkward.  Blosc2
#                    gives 0 if there is one chunk, which is neither, and the greatest number if there are
#                    more.  flox gives index 0 for the group with the NaN, an element of another group.
# Why it matters:    values taken by such an index are plausible numbers: x[argmax] is neither NaN nor the
#                    maximum.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages blosc2==4.14.1 flox==0.11.2 awkward==2.14.0 numpy_quaddtype==1.0.0 dask==2026.8.0 numpy==2.4.6
program <<'PYTHON'
import awkward as ak
import blosc2
import dask.array as da
import flox
import numpy as np
from numpy_quaddtype import QuadPrecDType

def seen(name, expected, greatest, place):
    """Check that the maximum is NaN, and where argmax puts it."""
    print(f"{name}: max {greatest}, argmax {place}")
    assert np.isnan(float(greatest)) and place == expected

x = np.array([3, 1, np.nan, 5, 2, 4])
seen("NumPy", 2, x.max(), x.argmax())
lazy = da.from_array(x, chunks=2)
seen("Dask", 2, lazy.max().compute(), lazy.argmax().compute())
quadruple = x.astype(QuadPrecDType())
seen("numpy_quaddtype", 3, quadruple.max(), quadruple.argmax())
seen("Awkward", 3, ak.max(ak.Array(x)), ak.argmax(ak.Array(x)))
first = ak.Array(x[2:])
seen("Awkward, NaN first", 0, ak.max(first), ak.argmax(first))
for chunk, expected in ((6, 0), (3, 3)):
    array = blosc2.asarray(x, chunks=(chunk,), blocks=(chunk,))
    seen(f"Blosc2, chunks of {chunk}", expected, blosc2.max(array), blosc2.argmax(array))

groups = np.array([7, 7, 8, 8, 8, 8])
greatest, places = (flox.groupby_reduce(x, groups, func=name, engine="numpy")[0]
                    for name in ("max", "argmax"))
seen("flox, group 8", 0, greatest[1], places[1])
assert groups[places[1]] == 7
complete = flox.groupby_reduce(np.nan_to_num(x), groups, func="argmax", engine="numpy")[0]
print("flox without the NaN:", complete)
assert (complete == [0, 3]).all()
PYTHON
