#!/usr/bin/env bash
# PyArrow 26.0.1: count_distinct finds 382 different numbers in 2000 different float16 numbers.
#
# One would expect:  2000, the length of unique of the same array, and the count in float32.
# What happens:      count_distinct takes different float16 numbers for the same one.  Ten numbers are
#                    counted rightly, 2000 are not.  unique, value_counts and a group's count_distinct
#                    are right, and so is count_distinct of the same bits as integers.
# Why it matters:    the count looks plausible, and small tests pass.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages pyarrow==26.0.1 numpy==2.4.6
program <<'PYTHON'
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

def counts(array):
    """Return how many different numbers the functions of PyArrow find."""
    table = pa.table({"group": np.zeros(len(array), int), "x": array})
    grouped = table.group_by("group").aggregate([("x", "count_distinct")])["x_count_distinct"]
    return (pc.count_distinct(array).as_py(), len(pc.unique(array)), len(pc.value_counts(array)),
            grouped.to_pylist()[0])

for size in (10, 2000):
    half = pa.array(np.arange(size, dtype=np.float16))
    arrays = {"float16": half, "float32": half.cast(pa.float32()), "its bits": half.view(pa.uint16())}
    for name, array in arrays.items():
        found = counts(array)
        print(f"{size} numbers, {name}: count_distinct, unique, value_counts, in a group: {found}")
        assert found[1:] == (size,) * 3
        assert found[0] == (382 if name == "float16" and size == 2000 else size)
PYTHON
