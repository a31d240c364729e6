#!/usr/bin/env bash
# One float64 becomes 1.001 in float16 by NumPy and Arrow, 1.0 by Polars and JAX; bfloat16 is alike.
#
# One would expect:  the nearest number, from every library: IEEE 754 rounds a conversion once.
# What happens:      Polars 2.1.0 and JAX 0.10.2 go through float32.  A number just above the middle
#                    of two float16 becomes the middle, and the tie goes down.  ml_dtypes 0.6.0 does so
#                    for bfloat16 and float8_e4m3fn, also from int32; JAX for bfloat16, yet it is right
#                    for float8_e4m3fn, a type that it takes from ml_dtypes.
# Why it matters:    a float64 reference that is rounded to the half type counts as the correctly
#                    rounded result; by these it is wrong by one place now and then.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages numpy==2.4.6 ml_dtypes==0.6.0 polars==2.1.0 pyarrow==26.0.1 jax==0.10.2 jaxlib==0.10.2
export JAX_ENABLE_X64=1
program <<'PYTHON'
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import polars
import pyarrow

def above_middle(bits):
    """Return a number a little above the middle of 1 and the next number of so many bits."""
    return np.array([1 + 2.0**-bits + 2.0**-40])

def arrow(x):
    return pyarrow.array(x).cast(pyarrow.float16()).to_numpy()

def frame(x):
    return polars.Series(x).cast(polars.Float16).to_numpy()

def jax(kind):
    return lambda x: np.asarray(jnp.asarray(x).astype(kind))

def numpy(kind):
    return lambda x: x.astype(kind)

half, brain, eight = np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn
cases = [  # the type, its bits, the library, whether the result is the nearest number
    (half, 11, "NumPy", numpy(half), True),
    (half, 11, "Arrow", arrow, True),
    (half, 11, "Polars", frame, False),
    (half, 11, "JAX", jax(half), False),
    (brain, 8, "NumPy with ml_dtypes", numpy(brain), False),
    (brain, 8, "JAX", jax(brain), False),
    (eight, 4, "NumPy with ml_dtypes", numpy(eight), False),
    (eight, 4, "JAX", jax(eight), True),
]
for kind, bits, library, convert, nearest in cases:
    result = float(convert(above_middle(bits))[0])
    print(f"float64 to {kind.__name__} by {library}: {result}")
    assert result == (1 + 2.0 ** (1 - bits) if nearest else 1)
number = np.array([2**30 + 2**22 + 1], np.int32)  # the middle of two bfloat16, and 1
print("int32 to bfloat16:", number[0], "becomes", int(number.astype(brain)[0]))
assert number.astype(brain)[0] == 2**30
PYTHON
