#!/usr/bin/env bash
# JAX 0.10.2: the gradient of gelu is NaN for float16 inputs from 147.9 on, with a finite result.
#
# One would expect:  gelu'(x) = 1 for every large x; gelu(300) = 300 in float16 is right.
# What happens:      jax.grad of the default form gives NaN at 300: 3 x^2, the derivative of x^3,
#                    overflows to infinity in float16, and the chain rule multiplies it by the 0 of
#                    1 - tanh^2.  In float32 the same happens at 1e20.  approximate=False gives 1.
# Why it matters:    one large activation turns a training step in float16 into NaN although the
#                    forward pass is exact, so a check of the loss does not find the place.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
program <<'PYTHON'
import functools
import jax
import jax.numpy as jnp
import numpy as np

x = jnp.float16(300)
tanh, exact = jax.nn.gelu, functools.partial(jax.nn.gelu, approximate=False)
print("value:", tanh(x), "gradient:", jax.grad(tanh)(x), "of the exact form:", jax.grad(exact)(x))
assert tanh(x) == 300
assert np.isnan(jax.grad(tanh)(x))
assert jax.grad(exact)(x) == 1
numbers = np.arange(0, 0x7C00, dtype=np.uint16).view(np.float16)  # finite and positive
bad = np.isnan(jax.vmap(jax.grad(tanh))(jnp.asarray(numbers)))
print("gradients that are NaN:", int(bad.sum()), "from", numbers[bad].min(), "on")
assert numbers[bad].min() == np.float16(147.9)
assert np.isnan(jax.grad(tanh)(jnp.float32(1e20)))
PYTHON
