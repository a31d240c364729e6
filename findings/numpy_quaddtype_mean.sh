#!/usr/bin/env bash
# numpy_quaddtype 1.0.0: np.mean of quadruple precision has the digits of float64, along an axis all 34.
#
# One would expect:  2.333333333333333333333333333333333 for 1, 2, 4 either way; sum and division have it.
# What happens:      where the result is one number, NumPy's mean, var and std call the type's scalar
#                    class once more on what is such a scalar already, and QuadPrecision of a
#                    QuadPrecision goes through float64: 2.333333333333333481.  With axis= of a matrix
#                    with one row the result is an array, and right.
# Why it matters:    half of the digits that the type is for are lost in silence, and only in the plain
#                    call.  The same hits QuadPrecision(number) in one's own code; of a string it is right.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numpy_quaddtype==1.0.0 numpy==2.4.6
program <<'PYTHON'
import numpy as np
from numpy_quaddtype import QuadPrecDType, QuadPrecision

x = np.array([1, 2, 4], dtype=QuadPrecDType())
for function, expected in ((np.mean, "2." + 33 * "3"), (np.var, "1." + 33 * "5")):
    plain, along = str(function(x)), str(function(x[np.newaxis], axis=1)[0])
    print(f"{function.__name__}: {plain}, along an axis {along}")
    assert along.startswith(expected) and plain[:17] == expected[:17] and plain[:20] != expected[:20]
assert str(x.sum() / 3).startswith("2.333333333333333333333333333333333")
tenth = QuadPrecision("0.1")
print(f"QuadPrecision of QuadPrecision('0.1'): {str(QuadPrecision(tenth))}")
assert QuadPrecision(tenth) == QuadPrecision(0.1) != tenth
PYTHON
