#!/usr/bin/env bash
# Blosc2 4.14.1: 7 / 2 of integer arrays is 3.0, and -7 % 3 is -1; a slice of the same expression is right.
#
# One would expect:  3.5 and 2, as NumPy gives, and as the documentation says ("equivalent to the Python
#                    modulus operator").  (a / b)[1:] is a part of (a / b)[:].
# What happens:      a whole expression of arrays of one shape goes to a compiler that follows C: integers
#                    are divided as integers, and the quotient 3 becomes the float64 3.0; hypot(7, 2) is
#                    7.0, % takes the dividend's sign, round(2.5) is 3.  A slice, a divisor that is
#                    broadcast, and float16 go to NumPy or NumExpr, and follow NumPy.
# Why it matters:    sums, means and whatever is built upon the quotient are wrong in silence, and a test
#                    that looks at some elements finds them right.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages blosc2==4.14.1 numexpr==2.14.2 numpy==2.4.6
program <<'PYTHON'
import blosc2
import numpy as np

a, b = np.array([1, 7, -7, 20]), np.array([3, 2, 3, 3])
A, B = blosc2.asarray(a), blosc2.asarray(b)
cases = {
    "a / b": (A / B, a / b, [0, 3, -2, 6]),
    "a / b * 1.5": (A / B * 1.5, a / b * 1.5, [0, 4.5, -3, 9]),
    "a % b": (A % B, a % b, [1, 1, -1, 2]),
    "hypot(a, b)": (blosc2.hypot(A, B), np.hypot(a, b), [3, 7, 7, 20]),
}
for name, (expression, right, seen) in cases.items():
    print(f"{name}: whole {expression[:]}, slices {expression[:2]} {expression[2:]}, NumPy {right}")
    assert (expression[:] == seen).all() and (expression.compute()[:] == seen).all()
    assert np.allclose(np.concatenate([expression[:2], expression[2:]]), right)
print("sum of a / b:", (A / B).sum(), "NumPy", (a / b).sum())
assert (A / B).sum() == 7 and np.isclose((a / b).sum(), 8.1666667)

broadcast = A / blosc2.asarray(b[:1])
print("a / b[:1]:", broadcast[:])
assert np.allclose(broadcast[:], a / b[:1])

halves = np.array([-2.5, -0.5, 0.5, 2.5])
for kind, seen in ((np.float16, [-2, 0, 0, 2]), (np.float32, [-3, -1, 1, 3]), (float, [-3, -1, 1, 3])):
    expression = blosc2.round(blosc2.asarray(halves.astype(kind)))
    print(f"round, {np.dtype(kind)}: whole {expression[:]}, slice {expression[1:]}")
    assert (expression[:] == seen).all() and (expression[1:] == [0, 0, 2]).all()
PYTHON
