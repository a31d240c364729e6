#!/usr/bin/env bash
# JAX 0.10.2: gelu of bfloat16 is exactly zero from -3.25 on, although the true value has normal size.
#
# One would expect:  the nearest bfloat16 to gelu(-3.25) = -0.00187, or a neighbour, since bfloat16 has
#                    the exponents of float32; frameworks compute in float32 and round once.
# What happens:      jax.nn.gelu, by default the tanh form, runs each step in bfloat16.  1 + tanh(...)
#                    is 0 once tanh rounds to -1: -0.0 for every input from -3.25 down, and -0.00586
#                    at -3, 61 % too much.  With approximate=False the results are good to a rounding.
# Why it matters:    the same model in bfloat16 and in float32 differs by its whole negative tail, not
#                    by a rounding; the default differs more from the exact GELU than tanh explains.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
program <<'PYTHON'
import jax
import jax.numpy as jnp

for x, expected in ((-3.25, -0.0), (-3.0, -0.005859375), (-2.75, -0.00537109375)):
    half = float(jax.nn.gelu(jnp.bfloat16(x)))
    single = float(jax.nn.gelu(jnp.float32(x)))
    exact = float(jax.nn.gelu(jnp.bfloat16(x), approximate=False))
    print(f"x = {x}: bfloat16 {half:.6g}, float32 {single:.6g}; bfloat16, exact form {exact:.6g}")
    assert half == expected
    assert abs(half / single - 1) > 0.3
    assert exact < -0.0018
PYTHON
