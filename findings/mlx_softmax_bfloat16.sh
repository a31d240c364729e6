#!/usr/bin/env bash
# MLX 0.32.4, CPU: softmax of 4096 equal bfloat16 numbers sums to 16, of 4096 from -3 to 3 to 2.7.
#
# One would expect:  numbers that sum to 1 but for rounding; MLX's logsumexp, sum and attention of the
#                    same arrays are right.
# What happens:      the sum of the exponentials is kept in bfloat16 and stays at 256, where adding 1
#                    changes nothing: each of 4096 results is 1/256 in place of 1/4096.  float16 stays
#                    at 2048.  precise=True gives 1/4096; nothing says that it is needed for this.
# Why it matters:    classifiers and attention over more than 256 entries have these shapes; the
#                    results look like probabilities, and their order is right.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages mlx==0.32.4 mlx-cpu==0.32.4 numpy==2.4.6
program <<'PYTHON'
import mlx.core as mx

mx.set_default_device(mx.cpu)

def total(x, **options):
    return float(mx.sum(mx.softmax(x, **options).astype(mx.float32)))

equal, spread = mx.zeros((4096,)), mx.linspace(-3, 3, 4096)
for name, kind in (("float32", mx.float32), ("float16", mx.float16), ("bfloat16", mx.bfloat16)):
    for inputs, x in (("equal", equal.astype(kind)), ("-3 to 3", spread.astype(kind))):
        print(f"{name}, {inputs}: sum {total(x)}, with precise=True {total(x, precise=True)}")
assert total(equal.astype(mx.bfloat16)) == 16 and total(equal.astype(mx.float16)) == 2
assert total(spread.astype(mx.bfloat16)) > 2
assert total(equal.astype(mx.bfloat16), precise=True) == 1 == total(equal)
PYTHON
