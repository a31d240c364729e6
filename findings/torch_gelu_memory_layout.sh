#!/usr/bin/env bash
# PyTorch 2.14.1, CPU: the bits of gelu depend on the strides of the tensor, and on whether it is alone.
#
# One would expect:  gelu of a number is one result, so gelu(x[::2]) equals gelu(x[::2].contiguous()).
# What happens:      a third of random float32 results differ between the two layouts: at -5 they are
#                    -1.19e-6 and -1.49e-6.  A tensor of one element is computed like a strided one, and
#                    differs from the same number in a tensor of two.  AVX2, AVX-512 and neither alike.
# Why it matters:    a slice, a transpose or a batch of one changes results, in the tail by a fifth;
#                    caches by value and tests for equal bits cannot rely on the layout.
#
# Installs about 3 GB: the wheels for Linux bring CUDA along; nothing here uses a GPU.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages torch==2.14.1 numpy==2.4.6
for level in default avx2; do
    echo "ATEN_CPU_CAPABILITY=$level"
    ATEN_CPU_CAPABILITY=$level program <<'PYTHON'
import torch
from torch.nn.functional import gelu

torch.manual_seed(0)
strided = 3 * torch.randn(60_000)[::2]
layouts = int((gelu(strided[::2]) != gelu(strided[::2].contiguous())).sum())
x = strided[:1000].contiguous()
alone = torch.cat([gelu(number.reshape(1)) for number in x])
pairs = torch.cat([gelu(pair.contiguous()) for pair in x.reshape(-1, 2)])
print(f"{layouts} of 15000 differ by layout; of 1000 differ {int((gelu(x) != alone).sum())} alone,",
      f"{int((gelu(x) != pairs).sum())} in pairs")
number = torch.tensor([-5.0, -5.0])
print("gelu(-5), alone and beside another:", gelu(number[:1]).item(), gelu(number)[0].item())
assert layouts > 3000 and (gelu(x) != alone).sum() > 200
assert torch.equal(gelu(x), pairs)
assert gelu(number[:1])[0] < 1.1 * gelu(number)[0]
PYTHON
done
