# What type checkers see of gelu_simd.cr: its names.

from typing import Final

from gelu_simd import _ufunc_types

__all__: list[str] = []

# Written by bench/publish.py: names.
__all__ += [
    "gelu",
    "gelu_backward",
    "gelu_grad",
    "gelu_tanh",
    "gelu_tanh_backward",
    "gelu_tanh_grad",
]

gelu: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Correct]]
gelu_tanh: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Correct]]
gelu_grad: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Correct]]
gelu_tanh_grad: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Correct]]
gelu_backward: Final[_ufunc_types.Ufunc2to1[_ufunc_types.Correct]]
gelu_tanh_backward: Final[_ufunc_types.Ufunc2to1[_ufunc_types.Correct]]
# End of what it wrote.
