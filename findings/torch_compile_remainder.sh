#!/usr/bin/env bash
# PyTorch 2.14.1: compiled, 1e9 % (2 * pi) is -64, and -1e8 % 3 is 8.
#
# One would expect:  at least a number from 0 to the divisor; eager PyTorch gives 4.1658 and 2, and so does
#                    NumPy.
# What happens:      torch.compile on the CPU makes x - floor(x / y) * y of it.  The product is rounded, so
#                    two of three float32 numbers above 2^25 are wrong for % 3, and some results are
#                    negative or above the divisor.  In float64 1e20 % 3 is 0 in place of 1.  torch.fmod
#                    is right.
# Why it matters:    angles, hashes and ring buffers are reduced by %, and what comes out is an index or
#                    the argument of a sine.  The compiled model is wrong where the eager one is exact.
#
# Installs about 3 GB: the wheels for Linux bring CUDA along; nothing here uses a GPU.  It needs a C++ compiler.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages torch==2.14.1 numpy==2.4.6
export TORCHINDUCTOR_CACHE_DIR="$folder/cache"
program <<'PYTHON'
import math

import torch

def remainders(numbers, divisor):
    """Return the remainders by torch.compile and by eager PyTorch."""
    torch.compiler.reset()
    compiled, eager = torch.compile(lambda x: x % divisor)(numbers), numbers % divisor
    print(f"{numbers[:4].tolist()} % {divisor}: compiled {compiled[:4].tolist()}, eager {eager[:4].tolist()}")
    return compiled, eager

numbers = torch.cat([torch.tensor([7.0, 1e8, -1e8, 1e9]), torch.arange(2.0**25, 2.0**25 + 8192, 4)])
compiled, eager = remainders(numbers, 3)
assert compiled[:4].tolist() == [1, 0, 8, 0] and eager[:4].tolist() == [1, 1, 2, 1]
print(f"{(compiled != eager)[4:].float().mean():.0%} of the numbers above 2^25 differ")
assert (compiled != eager)[4:].float().mean() > 0.5
compiled, eager = remainders(numbers, 2 * math.pi)
assert compiled[3] == -64 and abs(eager[3] - 4.1658) < 1e-3
compiled, eager = remainders(torch.full((16,), 1e20, dtype=torch.float64), 3)
assert compiled[0] == 0 and eager[0] == 1e20 % 3 == 1
assert torch.equal(torch.compile(lambda x: torch.fmod(x, 3))(numbers), torch.fmod(numbers, 3))
PYTHON
