#!/usr/bin/env bash
# Halide 21.0.0: round of float16 40000 is -25536.
#
# One would expect:  40000: every float16 from 1024 on is an integer.
# What happens:      from 32768 on 65536 is taken off, as a 16-bit integer would wrap, and -40000 becomes
#                    25536.  floor, ceil and trunc are right, and round of float32 is.
# Why it matters:    quantizing is a division, round and a clamp: the largest activations come out at the
#                    other end of the range.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages halide==21.0.0 numpy==2.4.6
program <<'PYTHON'
import halide
import numpy as np

x = halide.Var("x")

def computed(function, numbers):
    """Return the function of these numbers."""
    values, result = halide.Buffer(numbers), halide.Func("result")
    result[x] = function(values[x])
    return np.array(result.realize([len(numbers)]))

numbers = np.array([2.5, 32752, 32768, 40000, 65504, -40000], np.float16)
for function in (halide.round, halide.floor, halide.ceil, halide.trunc):
    print(f"{function.__name__}: {computed(function, numbers).astype(float)}")
    if function is not halide.round:
        assert np.array_equal(computed(function, numbers)[1:], numbers[1:])
assert np.array_equal(computed(halide.round, numbers), np.array([2, 32752, -32768, -25536, -32, 25536]))
assert np.array_equal(computed(halide.round, numbers.astype(np.float32))[1:], numbers[1:])
PYTHON
