#!/usr/bin/env bash
# NumExpr 2.14.2: an output that overlaps an input is computed wrongly, also for ten numbers.
#
# One would expect:  evaluate("y * tanh(y)", out=x[:-1]) with y = x[1:] gives what it gives for a copy
#                    of y, as every NumPy ufunc does; NumExpr handles out=x for y = x itself.
# What happens:      8 of 9 numbers are wrong, on one thread, without a warning.  The tanh is written
#                    to the memory of the output, and the product then reads y from there.  An output
#                    one element behind the input is wrong even for a single operation.
# Why it matters:    x * tanh(...) and x * (1 + erf(...)) are how GELU is written in NumExpr, and
#                    shifted views of one array are common in filters and in stencils.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numexpr==2.14.2 numpy==2.4.6
program <<'PYTHON'
import numexpr
import numpy as np

numexpr.set_num_threads(1)

def wrong(formula, source, target):
    """Count the numbers that differ from those of a copy."""
    x = np.linspace(-4, 4, 10)
    expected = numexpr.evaluate(formula, {"y": x[source].copy()})
    numexpr.evaluate(formula, {"y": x[source]}, out=x[target])
    return int((x[target] != expected).sum())

same, later, earlier = slice(None), slice(1, None), slice(None, -1)
counts = {
    "y * tanh(y), out is y": wrong("y * tanh(y)", same, same),
    "y * tanh(y), out one element before y": wrong("y * tanh(y)", later, earlier),
    "2 * y, out one element after y": wrong("2 * y", earlier, later),
}
for case, count in counts.items():
    print(f"{case}: {count} wrong")
assert list(counts.values()) == [0, 8, 8]

x = np.linspace(-4, 4, 10)
expected = np.tanh(x[1:].copy())
np.tanh(x[1:], out=x[:-1])
assert np.array_equal(x[:-1], expected), "NumPy is right"
PYTHON
