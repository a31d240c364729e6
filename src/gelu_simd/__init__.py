"""Fast and right GELU for NumPy: ufuncs on SIMD kernels, with published ULP limits.

The functions, listed at the end, are `numpy.ufunc` objects; `gelu_simd.cr` holds correctly
rounded ones.  ``cpu_info()`` tells which instruction set they use; the environment variable
``GELU_SIMD_ISA`` forces one.  Calls on large arrays use all CPUs that the process may use;
``set_num_threads(n)`` changes that.

Functions
---------
"""

import sys

from gelu_simd import _start

try:
    _start.begin()
    from gelu_simd import _docs, _hooks, _ufuncs, cr
    from gelu_simd._functions import FAST
    from gelu_simd._ufuncs import cpu_info, get_num_threads, set_num_threads
except ImportError as error:
    _start.fail(error)
    raise

__doc__ = (__doc__ or "") + _docs.calls(FAST)  # python -OO takes docstrings away
__version__ = "0.1.0"

_public = _ufuncs.of_tier(FAST)
__all__ = ["cpu_info", "cr", "get_num_threads", "set_num_threads", *_public]  # noqa: PLE0604 - names of functions
globals().update(_public)


def _call_cupy(ufunc, *args, **kwargs):
    """Call a ufunc with CuPy arrays."""
    import gelu_simd.cupy  # noqa: PLC0415 - needs CuPy

    return gelu_simd.cupy.call(ufunc, *args, **kwargs)


_hands_over = _ufuncs.hand_over(_call_cupy)
_hooks.prepare(_ufuncs)

if hasattr(sys.modules.get("threadpoolctl"), "register"):
    from gelu_simd import threadpoolctl  # noqa: F401 - registers
