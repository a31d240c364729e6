"""Fast and right GELU for NumPy: ufuncs on SIMD kernels, with published ULP limits.

Two forms, each with its derivative and its gradient:

=================  =======================  =========================
value              derivative               gradient
=================  =======================  =========================
``gelu(x)``        ``gelu_grad(x)``         ``gelu_backward(dy, x)``
``gelu_tanh(x)``   ``gelu_tanh_grad(x)``    ``gelu_tanh_backward(dy, x)``
=================  =======================  =========================

All are `numpy.ufunc` objects.  ``cpu_info()`` tells which instruction set they use; the
environment variable ``GELU_SIMD_ISA`` forces one.  Calls on large arrays use all CPUs that the
process may use; ``set_num_threads(n)`` changes that.
"""

import sys

from gelu_simd import _ufuncs
from gelu_simd._ufuncs import cpu_info, get_num_threads, set_num_threads

__version__ = "0.1.0"

__all__ = ["cpu_info", "get_num_threads", "set_num_threads", *_ufuncs.ufuncs]  # noqa: PLE0604 - names of functions
globals().update(_ufuncs.ufuncs)


def _call_cupy(ufunc, *args, **kwargs):
    """Call a ufunc with CuPy arrays."""
    from gelu_simd import cupy  # noqa: PLC0415 - needs CuPy

    return cupy.call(ufunc, *args, **kwargs)


_hands_over = _ufuncs.hand_over(_call_cupy)

if hasattr(sys.modules.get("threadpoolctl"), "register"):
    from gelu_simd import threadpoolctl  # noqa: F401 - registers
