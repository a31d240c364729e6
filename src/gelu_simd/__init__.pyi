from typing import Final, TypedDict

from numpy import ufunc

class _CpuInfo(TypedDict):
    isa: str
    available: list[str]
    built: list[str]
    cpu: str

__version__: Final[str]

def cpu_info() -> _CpuInfo: ...

gelu: Final[ufunc]
gelu_tanh: Final[ufunc]
gelu_grad: Final[ufunc]
gelu_tanh_grad: Final[ufunc]
gelu_backward: Final[ufunc]
gelu_tanh_backward: Final[ufunc]
