#!/usr/bin/env bash
# JAX 0.10.2, CPU: the cube root of 1e-40 is negative, and sort leaves subnormal numbers unsorted.
#
# One would expect:  4.6e-14, or 0: XLA is known to treat subnormal numbers as zero.
# What happens:      that holds for each machine operation, not for a function.  cbrt gives -5.6e-16
#                    for 1e-40 and for -1e-40.  sort returns [3e-40, 1e-40, 2e-40] as it is, unique keeps
#                    one of the three, and array_equal says that 1e-40 and 2e-40 are equal.  A constant
#                    1e-40 > 0 is True when compiled and False when not.
# Why it matters:    gradients and tails of activations end in subnormal numbers, and bfloat16 has the
#                    same ones; float16's are safe, since they are normal in float32.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
program <<'PYTHON'
import jax
import jax.numpy as jnp
import numpy as np

tiny = jnp.float32(1e-40)
roots = [float(jnp.cbrt(x)) for x in (tiny, -tiny)]
print("cbrt:", roots, " NumPy:", np.cbrt(np.float32(1e-40)))
assert -1e-15 < roots[0] == roots[1] < 0
numbers = jnp.array([3e-40, 1e-40, 2e-40], jnp.float32)
print("sort:", jnp.sort(numbers), " unique:", jnp.unique(numbers))
assert np.array_equal(np.asarray(jnp.sort(numbers)), np.asarray(numbers))
assert len(jnp.unique(numbers)) == 1 and jnp.array_equal(numbers[:1], numbers[1:2])
compiled = jax.jit(lambda: jnp.float32(1e-40) > 0)()
print("1e-40 > 0:", bool(tiny > 0), " compiled as a constant:", bool(compiled))
assert compiled and not tiny > 0
half = jnp.array([3e-7, 1e-7, 2e-7], jnp.float16)
brain = numbers.astype(jnp.bfloat16)
assert np.array_equal(np.asarray(jnp.sort(half)), np.sort(np.asarray(half)))
assert np.array_equal(np.asarray(jnp.sort(brain)), np.asarray(brain))
PYTHON
