#!/usr/bin/env bash
# scipp 26.8.0: the minimum of infinities is 1.8e308, and 3.4e38 in float32.
#
# One would expect:  infinity: the minimum is one of the numbers.
# What happens:      the search begins with the greatest finite number, which no infinity is below; max
#                    of -infinity ends at the least.  One finite number among them, and all is right.
#                    So the minimum of [inf, inf] is less than each of its elements.
# Why it matters:    infinity stands for "none yet" in distances and limits.  isfinite of the minimum
#                    then says that there is one.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages scipp==26.8.0 numpy==2.4.6
program <<'PYTHON'
import numpy as np
import scipp as sc

for kind in (np.float32, np.float64):
    x = np.array([[np.inf, np.inf], [np.inf, 2]], kind)
    array = sc.array(dims=["row", "column"], values=x)
    least, greatest = sc.min(array, "column").values, sc.max(-array, "column").values
    print(f"{kind.__name__}: min of each row {least}, max of the negative {greatest}, NumPy {x.min(axis=1)}")
    assert (least == [np.finfo(kind).max, 2]).all() and (greatest == [np.finfo(kind).min, -2]).all()
    assert (x.min(axis=1) == [np.inf, 2]).all() and np.isinf(sc.sum(array["row", 0]).value)
    assert np.isinf(sc.max(array["row", 0]).value)
groups = sc.DataArray(sc.array(dims=["x"], values=[np.inf, np.inf, 1]),
                      coords={"group": sc.array(dims=["x"], values=[0, 0, 1])}).groupby("group")
print("groups:", groups.min("x").values)
assert (groups.min("x").values == [np.finfo(float).max, 1]).all()
PYTHON
