#!/usr/bin/env bash
# Keras 3.15.1: the NumPy backend fails to import without JAX, and makes float32 of every float64 array.
#
# One would expect:  a backend named "numpy" needs NumPy, and keras.ops.exp, erf and gelu of a float64
#                    array are float64, as NumPy's; if not, then after set_floatx("float64").
# What happens:      import keras raises ModuleNotFoundError for jax.  With JAX installed each function
#                    converts its inputs first, and has no float64 among the types that it keeps:
#                    float32 comes back, also after set_floatx("float64") and from an array that
#                    keras.ops.cast has just made float64.  float16 stays float16.
# Why it matters:    tests take this backend as the reference in float64; what they compare with is
#                    rounded to float32, and nothing but the result's type shows it.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
export KERAS_BACKEND=numpy KERAS_HOME="$folder"
packages keras==3.15.1 numpy==2.4.6 scipy==1.17.1
program <<'PYTHON'
try:
    import keras
except ModuleNotFoundError as error:
    print("import keras: ModuleNotFoundError:", error)
    assert error.name == "jax"
else:
    raise AssertionError(keras.__version__)
PYTHON
packages jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
program <<'PYTHON'
import keras
import numpy as np

x = np.linspace(-3, 3, 5)
functions = {
    "exp": keras.ops.exp,
    "erf": keras.ops.erf,
    "gelu": lambda y: keras.ops.gelu(y, approximate=False),
    "convert_to_tensor": keras.ops.convert_to_tensor,
}
for name, function in functions.items():
    double, half = function(x), function(x.astype(np.float16))
    print(f"{name}: float64 becomes {double.dtype}, float16 becomes {half.dtype}")
    assert double.dtype == np.float32 and half.dtype == np.float16
keras.config.set_floatx("float64")
cast = keras.ops.cast(x, "float64")
print("with floatx float64:", cast.dtype, "becomes", keras.ops.exp(cast).dtype)
assert cast.dtype == np.float64 and keras.ops.exp(cast).dtype == np.float32
PYTHON
