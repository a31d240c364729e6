# What type checkers see of the package: its names.

from typing import Final, SupportsIndex, TypedDict, type_check_only

from gelu_simd import _ufunc_types, cr

__all__ = ["cpu_info", "cr", "get_num_threads", "set_num_threads"]

__version__: Final[str]

@type_check_only
class _CpuInfo(TypedDict):
    isa: str
    available: list[str]
    built: list[str]
    cpu: str
    num_threads: int

def cpu_info() -> _CpuInfo: ...
def get_num_threads() -> int: ...
def set_num_threads(n: SupportsIndex) -> None: ...

# Written by bench/publish.py: names.
__all__ += [
    "bias_gelu",
    "bias_gelu_backward",
    "bias_gelu_tanh",
    "bias_gelu_tanh_backward",
    "geglu",
    "geglu_backward",
    "geglu_tanh",
    "geglu_tanh_backward",
    "gelu",
    "gelu_backward",
    "gelu_grad",
    "gelu_grad2",
    "gelu_tanh",
    "gelu_tanh_backward",
    "gelu_tanh_grad",
    "gelu_tanh_grad2",
    "gelu_tanh_value_and_grad",
    "gelu_value_and_grad",
    "quick_gelu",
    "quick_gelu_backward",
    "quick_gelu_grad",
    "quick_gelu_value_and_grad",
    "stochastic_gelu",
]

gelu: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Fast]]
gelu_tanh: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Fast]]
gelu_grad: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Fast]]
gelu_tanh_grad: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Fast]]
gelu_backward: Final[_ufunc_types.Ufunc2to1[_ufunc_types.Fast]]
gelu_tanh_backward: Final[_ufunc_types.Ufunc2to1[_ufunc_types.Fast]]
gelu_value_and_grad: Final[_ufunc_types.Ufunc1to2[_ufunc_types.Fast]]
gelu_tanh_value_and_grad: Final[_ufunc_types.Ufunc1to2[_ufunc_types.Fast]]
bias_gelu: Final[_ufunc_types.Ufunc2to1[_ufunc_types.Fast]]
bias_gelu_tanh: Final[_ufunc_types.Ufunc2to1[_ufunc_types.Fast]]
bias_gelu_backward: Final[_ufunc_types.Ufunc3to1[_ufunc_types.Fast]]
bias_gelu_tanh_backward: Final[_ufunc_types.Ufunc3to1[_ufunc_types.Fast]]
geglu: Final[_ufunc_types.Ufunc2to1[_ufunc_types.Fast]]
geglu_tanh: Final[_ufunc_types.Ufunc2to1[_ufunc_types.Fast]]
geglu_backward: Final[_ufunc_types.Ufunc3to2[_ufunc_types.Fast]]
geglu_tanh_backward: Final[_ufunc_types.Ufunc3to2[_ufunc_types.Fast]]
stochastic_gelu: Final[_ufunc_types.Ufunc2to1[_ufunc_types.Fast]]
quick_gelu: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Fast]]
quick_gelu_grad: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Fast]]
quick_gelu_backward: Final[_ufunc_types.Ufunc2to1[_ufunc_types.Fast]]
quick_gelu_value_and_grad: Final[_ufunc_types.Ufunc1to2[_ufunc_types.Fast]]
gelu_grad2: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Fast]]
gelu_tanh_grad2: Final[_ufunc_types.Ufunc1to1[_ufunc_types.Fast]]
# End of what it wrote.
