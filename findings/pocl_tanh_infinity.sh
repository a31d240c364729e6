#!/usr/bin/env bash
# PoCL 3.0: tanh of infinity is 0.99999994 in float, and tanh never reaches 1.
#
# One would expect:  1, which the OpenCL standard requires of infinity, and which is the nearest float to
#                    tanh(x) from 9.02 on; double gives 1.
# What happens:      0.99999994, one bit less, for 10, 100 and infinity.  The error is within the 5 ulp that
#                    OpenCL allows for tanh, and erf of infinity is 1.
# Why it matters:    1 - tanh(x) and atanh(tanh(x)) are finite where they must not be, and a test for
#                    saturation, tanh(x) == 1, is never true on this CPU device while it is on GPUs.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages pyopencl==2026.1.4 pocl-binary-distribution==3.0 numpy==2.4.6
export POCL_CACHE_DIR="$folder/cache" XDG_CACHE_HOME="$folder/cache"
program <<'PYTHON'
import numpy as np
import pyopencl
from pyopencl import array

(platform,) = (each for each in pyopencl.get_platforms() if each.name == "Portable Computing Language")
context = pyopencl.Context(platform.get_devices())
queue = pyopencl.CommandQueue(context)

def computed(function, numbers, kind):
    """Return the OpenCL function of these numbers."""
    source = f"__kernel void run(__global {kind}* x) {{ int i = get_global_id(0); x[i] = {function}(x[i]); }}"
    values = array.to_device(queue, numbers)
    pyopencl.Program(context, source).build().run(queue, numbers.shape, None, values.data)
    return values.get()

numbers = np.array([1, 8, 10, 100, np.inf, -np.inf, np.nan], np.float32)
result, wide = computed("tanh", numbers, "float"), computed("tanh", numbers.astype(float), "double")
print(platform.version, "float:", result, "double:", wide)
assert (result[2:5] == np.nextafter(np.float32(1), np.float32(0))).all() and result[5] == -result[4]
assert wide[4] == 1 and np.tanh(numbers)[2] == 1 and np.isnan(result[6])
assert computed("erf", numbers, "float")[4] == 1
PYTHON
