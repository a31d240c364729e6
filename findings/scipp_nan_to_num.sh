#!/usr/bin/env bash
# scipp 26.8.0: nan_to_num replaces the NaN in its argument too.
#
# One would expect:  a new array; there is an argument out= for the other case.
# What happens:      without out= the argument itself loses its NaN and infinities, and the result shares
#                    its memory.  With out= it stays as it is.  exp, abs, sqrt and others change nothing.
# Why it matters:    where NaN means "missing", the data are lost by a function that looks at them: a
#                    mean for a plot makes the missing numbers zeros in all that comes after it.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages scipp==26.8.0 numpy==2.4.6
program <<'PYTHON'
import numpy as np
import scipp as sc

numbers, zero, nine = np.array([1, np.nan, np.inf]), sc.scalar(0.0), sc.scalar(9.0)

def is_unchanged(x):
    """Return whether an array still has its NaN and its infinity."""
    return np.array_equal(x.values, numbers, equal_nan=True)

for options, expected in (({"nan": zero}, [1, 0, np.inf]), ({"nan": zero, "posinf": nine}, [1, 0, 9])):
    x = sc.array(dims=["x"], values=numbers)
    result = sc.nan_to_num(x, **options)
    print(f"{sorted(options)}: result {result.values}, argument {x.values}")
    assert (result.values == expected).all() and (x.values == expected).all()
    assert np.shares_memory(result.values, x.values) and not np.shares_memory(sc.abs(x).values, x.values)

data = sc.DataArray(sc.array(dims=["x"], values=numbers))
sc.nan_to_num(data.data, nan=zero)
print("a DataArray:", data.values)
assert not is_unchanged(data)

x = sc.array(dims=["x"], values=numbers)
out = x.copy()
sc.nan_to_num(x, nan=zero, out=out)
print("with out=: argument", x.values, "out", out.values)
assert is_unchanged(x) and (out.values == [1, 0, np.inf]).all()
for function in (sc.exp, sc.abs, sc.sqrt, sc.reciprocal, sc.nansum):
    function(x)
np.nan_to_num(numbers)
assert is_unchanged(x) and np.isnan(numbers[1])
PYTHON
