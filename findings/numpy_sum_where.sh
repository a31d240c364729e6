#!/usr/bin/env bash
# NumPy 2.4.6: x.sum(where=mask) is 4 % off where x[mask].sum() is right.
#
# One would expect:  the same but for the last bits: where= saves the copy that x[mask] makes.
# What happens:      np.add adds in pairs only within an unbroken run of the mask.  With every second
#                    of ten million numbers 0.1 in float32 it adds one by one: 478274.8 in place of
#                    500000.  The method is np.add's alone: the reduce of a ufunc that Numba 0.65.1
#                    makes of x + y, and NumExpr 2.14.2's sum, give 1087937 for all ten million.
# Why it matters:    the error comes with the mask's pattern, so tests with a few long runs pass;
#                    and a ufunc of one's own inherits reduce, not its accuracy.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numpy==2.4.6 numba==0.65.1 numexpr==2.14.2
program <<'PYTHON'
import numba
import numexpr
import numpy as np

numexpr.set_num_threads(1)
x = np.full(10_000_000, 0.1, np.float32)
half = np.arange(len(x)) < len(x) // 2
alternate = np.arange(len(x)) % 2 == 0
add = numba.vectorize(["f4(f4,f4)"])(lambda a, b: a + b)
sums = {
    "x[alternate].sum()": x[alternate].sum(),
    "x.sum(where=half)": x.sum(where=half),
    "x.sum(where=alternate)": x.sum(where=alternate),
    "np.add.reduce(x)": np.add.reduce(x),
    "Numba's add.reduce(x)": add.reduce(x),
    "NumExpr's sum(x)": float(numexpr.evaluate("sum(x)")),
}
for name, value in sums.items():
    print(f"{name}: {value:.1f}")
right, runs, apart, whole, *others = sums.values()
assert abs(right / 5e5 - 1) < 1e-6 and abs(runs / 5e5 - 1) < 1e-6 and abs(whole / 1e6 - 1) < 1e-6
assert apart < 0.96 * 5e5 and all(value > 1.08e6 for value in others)
mean = x.mean(where=alternate)
print("mean of numbers that are all 0.1, with where=:", mean)
assert mean < 0.096
PYTHON
