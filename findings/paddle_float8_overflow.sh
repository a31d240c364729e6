#!/usr/bin/env bash
# PaddlePaddle 3.3.1: in float8_e4m3fn 470 becomes NaN, while 500, infinity and NaN become 448.
#
# One would expect:  one rule for what is too large: the largest number, 448, or NaN; in float8_e5m2 the
#                    largest number, 57344, or infinity.  NaN stays NaN.
# What happens:      both, by size.  What rounds to the next number above the largest, 465 to 479, is NaN;
#                    from 480 on, and for infinity and NaN, it is 448.  In float8_e5m2 numbers from 61440 on
#                    are infinity, from 65536 on and for infinity itself 57344 again; NaN stays NaN.
# Why it matters:    a scale is chosen so that the largest number of a tensor just fits: it is the numbers
#                    slightly above that are met, and a test with 1000 or infinity sees none of this.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages paddlepaddle==3.3.1 numpy==2.4.6 setuptools==80.9.0
program <<'PYTHON'
import numpy as np
import paddle

paddle.set_device("cpu")

def in_float8(numbers, kind):
    """Return numbers as they are in a float8 type."""
    return paddle.to_tensor(np.array(numbers, np.float32)).astype(kind).astype("float32").numpy()

for kind, largest, lost, numbers in (
    ("float8_e4m3fn", 448, np.nan, [448, 464, 465, 470, 479, 480, 500, 1e5, np.inf]),
    ("float8_e5m2", 57344, np.inf, [57344, 61439, 61440, 62000, 65535, 65536, 1e5, 1e6, np.inf]),
):
    results = in_float8(numbers, kind)
    for number, result in zip(numbers, results):
        print(f"{kind}: {number:g} becomes {result:g}")
    np.testing.assert_array_equal(results, [largest] * 2 + [lost] * 3 + [largest] * 4)
    print(f"{kind}: NaN becomes {in_float8([np.nan], kind)[0]:g}")
    np.testing.assert_array_equal(in_float8([np.nan], kind), 448 if kind == "float8_e4m3fn" else np.nan)
    np.testing.assert_array_equal(in_float8([1.9375, -0.3], kind), [2, -0.3125])
PYTHON
