#!/usr/bin/env bash
# JAX 0.10.2, CPU: in a pure_callback NumPy and Python itself compute with subnormal numbers as zero.
#
# One would expect:  that a callback runs ordinary Python: float("1e-310") is 1e-310.
# What happens:      XLA calls it with the processor set to flush subnormal numbers, as its own code
#                    wants it.  float("1e-310") is 0.0, NumPy's 1e-40 > 0 is False, np.finfo(np.float32)
#                    says that the smallest subnormal number is 0.0.  After the call all is as before.
# Why it matters:    NumPy code that is called from JAX, as the exact reference or because it is old,
#                    gives other results there than when it is called directly.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
program <<'PYTHON'
import jax
import numpy as np

def examine():
    """Return what a few expressions give here."""
    x, small = np.array([1e-40], np.float32), 1e-155
    limits = np.finfo(np.float32)
    products = [float("1e-310"), small * small, float((x * 1)[0])]
    return [*products, float((x > 0)[0]), float(limits.smallest_subnormal)]

inside = []

def callback(x):
    inside.append(examine())
    return np.asarray(x)

jax.pure_callback(callback, jax.ShapeDtypeStruct((1,), np.float32), np.ones(1, np.float32))
outside = examine()
print("outside:", outside)
print("in the callback:", inside[0])
assert inside[0] == [0.0] * 5
assert all(outside)
PYTHON
