#!/usr/bin/env bash
# Polars 2.1.0: floor and ceil of a Float16 column return it unchanged.
#
# One would expect:  floor(2.75) is 2, as in Float32 and Float64; a function that is missing for a type
#                    raises an error.
# What happens:      floor and ceil know Float32, Float64 and the integers, which come back as they are;
#                    Float16 goes the way of the integers.  round, truncate and // 1 are right.
# Why it matters:    a column that was made smaller keeps its fractions where bins or indices are
#                    computed, without an error.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages polars==2.1.0
program <<'PYTHON'
import polars as pl

numbers = [-1.5, -0.25, 0.5, 2.75, 7.0]
for kind in (pl.Float64, pl.Float32, pl.Float16):
    column = pl.Series("x", numbers, dtype=kind)
    floor, ceil = column.floor().to_list(), column.ceil().to_list()
    print(f"{kind}: floor {floor}, ceil {ceil}, round {column.round().to_list()}")
    unchanged = kind == pl.Float16
    assert floor == (numbers if unchanged else [-2, -1, 0, 2, 7])
    assert ceil == (numbers if unchanged else [-1, 0, 1, 3, 7])
    lazy = column.to_frame().lazy().select(pl.col("x").floor()).collect()["x"]
    assert lazy.to_list() == floor and lazy.dtype == kind
    assert column.round().to_list() == [-2, 0, 0, 3, 7]
    assert (column // 1).to_list() == [-2, -1, 0, 2, 7]
    assert column.truncate().to_list() == [-1, 0, 0, 2, 7]
PYTHON
