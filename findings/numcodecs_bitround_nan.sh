#!/usr/bin/env bash
# numcodecs 0.16.6: BitRound turns CUDA's NaN into -0.0 and another NaN into infinity.
#
# One would expect:  NaN stays NaN; the codec of Zarr rounds the bits of the significand.
# What happens:      it adds half of the last kept bit to the pattern, NaN or not.  0x7fffffff, the NaN
#                    that NVIDIA GPUs give for every invalid operation, carries over into the sign:
#                    -0.0.  0xffffffff becomes 0.0, and 0x7f800001 infinity.  0x7fc00000, the NaN of CPUs
#                    and of np.nan, survives, so tests with np.nan see nothing.
# Why it matters:    missing or failed values that a GPU computed are stored as zeros; ml_dtypes rounds
#                    to the same bits (keepbits=7 is bfloat16) and keeps all of these.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numcodecs==0.16.6 ml_dtypes==0.6.0 numpy==2.4.6
program <<'PYTHON'
import ml_dtypes
import numpy as np
from numcodecs import BitRound

patterns = np.array([0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001, 0x7FC00000], np.uint32)
x = patterns.view(np.float32)
codec = BitRound(keepbits=7)
stored = np.asarray(codec.decode(codec.encode(x))).view(np.float32)
for pattern, value in zip(patterns, stored, strict=True):
    print(f"{pattern:#x} becomes {value}")
assert np.isnan(x).all() and np.isnan(x.astype(ml_dtypes.bfloat16)).all()
assert np.array_equal(stored, [0, 0, np.inf, np.nan], equal_nan=True)
assert np.signbit(stored[0]) and not np.signbit(stored[1])
PYTHON
