#!/usr/bin/env bash
# ndonnx 0.23.0: cosh(100) is infinity in float64, and cos has 5 digits at 100,000.1 where sin has 16.
#
# One would expect:  results of float64 with its range and its 15 digits; or an error.
# What happens:      where ONNX Runtime lacks an operator for float64, ndonnx computes in float32 and
#                    casts back: cos, tan, sinh, cosh, and the inverse functions.  exp, log, sin and tanh
#                    have all digits.  logaddexp(100, 2) in float32 is infinity, from exp(100).
# Why it matters:    the dtype of the result says float64, and sin² + cos² is 1 only for small numbers.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages ndonnx==0.23.0 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
program <<'PYTHON'
import ndonnx as ndx
import numpy as np

def error(name, numbers):
    """Return the greatest relative error of a function of ndonnx, as compared to NumPy."""
    x = np.array(numbers)
    result = getattr(ndx, name)(ndx.asarray(x)).unwrap_numpy()
    assert result.dtype == np.float64
    return (abs(result / getattr(np, name)(x) - 1)).max()

for name in ("exp", "log", "sin", "tanh", "cos", "tan", "sinh", "cosh", "acos", "atan", "asinh"):
    found = error(name, [0.1, 0.3, 0.7])
    print(f"{name}: error {found:.1e}")
    assert found < 1e-14 if name in ("exp", "log", "sin", "tanh") else 1e-9 < found < 1e-6
large = [100000.1]
print("at 100000.1: sin", error("sin", large), "cos", error("cos", large))
assert error("sin", large) < 1e-13 and error("cos", large) > 1e-5

hundred, two = (ndx.asarray(np.array([number])) for number in (100.0, 2.0))
cosh, expected = ndx.cosh(hundred).unwrap_numpy()[0], np.cosh(100)
print("cosh(100):", cosh, "by exp:", ((ndx.exp(hundred) + ndx.exp(-hundred)) / 2).unwrap_numpy()[0])
assert cosh == np.inf and np.isclose(expected, np.exp(100) / 2)

float32 = [ndx.asarray(np.array([number], np.float32)) for number in (100, 2)]
results = ndx.logaddexp(*float32).unwrap_numpy()[0], ndx.logaddexp(hundred, two).unwrap_numpy()[0]
print("logaddexp(100, 2), float32 and float64:", results)
assert results == (np.inf, 100) and np.logaddexp(np.float32(100), np.float32(2)) == 100
PYTHON
