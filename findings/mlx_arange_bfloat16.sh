#!/usr/bin/env bash
# MLX 0.32.4: arange(3000, dtype=bfloat16) stops at 256, and in float16 at 2048.
#
# One would expect:  0, 1, 2, ... rounded, to 2992, as arange(3000).astype(bfloat16) gives, and PyTorch's and
#                    NumPy's arange.
# What happens:      the CPU adds the step to the last number, in the type itself: 256 + 1 is 256, and
#                    the 2744 numbers from there on are all 256.  arange(0, 1, 0.001) ends at 0.5.
# Why it matters:    positions in a sequence are made in this way; all tokens after the 256th get the same.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages mlx==0.32.4 mlx-cpu==0.32.4
program <<'PYTHON'
import mlx.core as mx

mx.set_default_device(mx.cpu)
for kind, last in ((mx.bfloat16, 256), (mx.float16, 2048)):
    direct, rounded = mx.arange(3000, dtype=kind), mx.arange(3000).astype(kind)
    print(f"{kind}: ends with {direct[-3:].tolist()}; of integers {rounded[-3:].tolist()}")
    assert direct[-1].item() == direct[last].item() == last and rounded[-1].item() > 2990
parts = mx.arange(0, 1, 0.001, dtype=mx.bfloat16)
print("arange(0, 1, 0.001) ends with", parts[-1].item())
assert parts[-1].item() == 0.5
PYTHON
