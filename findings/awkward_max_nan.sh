#!/usr/bin/env bash
# Awkward 2.14.0: the maximum of [1, NaN, 5] is NaN with axis=None, and 5 with axis=-1.
#
# One would expect:  one answer.  There is a function for the other one, nanmax.
# What happens:      without an axis max and min are NumPy's, which keep NaN; with an axis a kernel
#                    compares, and skips it.  So nanmax and max agree with an axis only; np.max of the
#                    same rectangular array keeps NaN with an axis too, until it becomes an Awkward array.
# Why it matters:    a check for NaN by max works for the whole array, and passes everything once an
#                    axis is given.  sum and mean keep NaN in both.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages awkward==2.14.0 numpy==2.4.6
program <<'PYTHON'
import awkward as ak
import numpy as np

for kind in (np.float32, np.float64):
    x = np.array([[1, np.nan, 5]], kind)
    for name, along in (("max", 5), ("min", 1), ("sum", np.nan), ("mean", np.nan)):
        function = getattr(ak, name)
        whole, row = function(ak.Array(x), axis=None), function(ak.Array(x), axis=-1)[0]
        ragged = function(ak.Array([x[0], []]), axis=-1)[0]
        print(f"{kind.__name__}: {name} {whole}, axis=-1: {row}, in a ragged array {ragged}")
        assert np.isnan(whole) and np.isnan(getattr(np, name)(x, axis=-1)[0])
        assert np.array_equal([row, ragged], [along, along], equal_nan=True)
        assert np.array_equal(getattr(np, name)(ak.Array(x), axis=-1)[0], along, equal_nan=True)
    assert ak.nanmax(ak.Array(x), axis=None) == ak.nanmax(ak.Array(x), axis=-1)[0] == 5
PYTHON
