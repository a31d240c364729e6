"""Fast and right GELU for NumPy: ufuncs on SIMD kernels, with published ULP limits.

Two forms, each with its derivative and its gradient:

=================  =======================  =========================
value              derivative               gradient
=================  =======================  =========================
``gelu(x)``        ``gelu_grad(x)``         ``gelu_backward(dy, x)``
``gelu_tanh(x)``   ``gelu_tanh_grad(x)``    ``gelu_tanh_backward(dy, x)``
=================  =======================  =========================

All six are `numpy.ufunc` objects.  ``cpu_info()`` tells which instruction set they use; the
environment variable ``GELU_SIMD_ISA`` forces one.
"""

from gelu_simd import _start

try:
    _start.begin()
    from gelu_simd import _ufuncs
    from gelu_simd._docs import name_operands as _name_operands
    from gelu_simd._ufuncs import cpu_info
    from gelu_simd._ufuncs import ufuncs as _ufuncs_by_name
except ImportError as error:
    _start.fail(error)
    raise

__all__ = [
    "cpu_info",
    "gelu",
    "gelu_backward",
    "gelu_grad",
    "gelu_tanh",
    "gelu_tanh_backward",
    "gelu_tanh_grad",
]

__version__ = "0.1.0"

gelu = _ufuncs_by_name["gelu"]
gelu_tanh = _ufuncs_by_name["gelu_tanh"]
gelu_grad = _ufuncs_by_name["gelu_grad"]
gelu_tanh_grad = _ufuncs_by_name["gelu_tanh_grad"]
gelu_backward = _ufuncs_by_name["gelu_backward"]
gelu_tanh_backward = _ufuncs_by_name["gelu_tanh_backward"]

_name_operands(gelu_backward)
_name_operands(gelu_tanh_backward)


def _call_cupy(ufunc, *args, **kwargs):
    """Call a ufunc with CuPy arrays."""
    from gelu_simd import cupy  # noqa: PLC0415 - needs CuPy

    return cupy.call(ufunc, *args, **kwargs)


_hands_over = _ufuncs.hand_over(_call_cupy)
