# mypy: disable-error-code="misc, overload-overlap, override"
# pyright: reportGeneralTypeIssues=false, reportIncompatibleMethodOverride=false
# pyright: reportOverlappingOverload=false
# (ufunc is final, the first overload that fits counts, and methods are narrower than ufunc's: the
# same holds for the classes that NumPy has for its own ufuncs.)

# What the ufuncs take and return, by type.
#
# Types cannot tell everything: for an array of no dimensions the result is a scalar, not an array;
# ArrayLike includes complex numbers and strings, which raise TypeError; bfloat16 has no type.

from collections.abc import Sequence
from types import EllipsisType
from typing import (
    Any,
    Final,
    Literal,
    Never,
    NoReturn,
    Protocol,
    SupportsIndex,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    final,
    overload,
    type_check_only,
)

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["cpu_info", "get_num_threads", "set_num_threads"]

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

_T = TypeVar("_T")
_Scalar = TypeVar("_Scalar", bound=np.generic)
_Shape = TypeVar("_Shape", bound=tuple[int, ...])
_Out = TypeVar("_Out", bound=np.ndarray[Any, Any])
_Float = TypeVar("_Float", bound=np.float64 | np.float32 | np.float16)
_Narrow = TypeVar("_Narrow", bound=np.float32 | np.float16)

_Masked: TypeAlias = np.ma.MaskedArray[_Shape, np.dtype[_Scalar]]
_Array: TypeAlias = np.ndarray[_Shape, np.dtype[_Scalar]]
_Wide: TypeAlias = np.float64 | np.integer[Any] | np.bool  # computed in float64
_WideNumber: TypeAlias = float | _Wide
_RealNumber: TypeAlias = float | np.floating[Any] | np.integer[Any] | np.bool
_Number: TypeAlias = float | np.generic
_DType: TypeAlias = type[_Scalar] | np.dtype[_Scalar]
_Nested: TypeAlias = Sequence[_T] | Sequence[Sequence[_T]] | Sequence[Sequence[Sequence[_T]]]
_Where: TypeAlias = bool | np.bool | NDArray[np.bool] | _Nested[bool | np.bool]
# An array of another library, which decides itself what a ufunc gives.
_Foreign: TypeAlias = _HasArrayUfunc | _HasArrayWrap
_Index: TypeAlias = ArrayLike | slice | EllipsisType | None

@type_check_only
class _HasArrayUfunc(Protocol):
    def __array_ufunc__(
        self, ufunc: np.ufunc, method: Any, /, *inputs: Any, **kwargs: Any
    ) -> Any: ...

@type_check_only
class _HasArrayWrap(Protocol):
    @property
    def __array_wrap__(self) -> Any: ...

@type_check_only
class _Common(TypedDict, total=False):
    where: _Where | _Foreign
    casting: Literal["no", "equiv", "safe", "same_kind", "unsafe"]
    order: Literal["K", "A", "C", "F"] | None
    subok: bool

@type_check_only
class _Plain(_Common, total=False):
    # The operands alone decide what the result is.
    out: None
    dtype: None

@type_check_only
class _Any(_Common, total=False):
    dtype: DTypeLike | None
    signature: str | tuple[DTypeLike | None, ...]

@final
@type_check_only
class _Unary(np.ufunc):
    @property
    def nin(self) -> Literal[1]: ...
    @property
    def nout(self) -> Literal[1]: ...
    @property
    def nargs(self) -> Literal[2]: ...
    @property
    def ntypes(self) -> Literal[3]: ...
    @property
    def identity(self) -> None: ...
    @property
    def signature(self) -> None: ...
    @overload
    def __call__(
        self, x: _Masked[_Shape, _Float], /, **options: Unpack[_Plain]
    ) -> _Masked[_Shape, _Float]: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, _Float], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, _Float]: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, np.integer[Any] | np.bool], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(self, x: _Narrow, /, **options: Unpack[_Plain]) -> _Narrow: ...
    @overload
    def __call__(self, x: _WideNumber, /, **options: Unpack[_Plain]) -> np.float64: ...
    @overload
    def __call__(
        self, x: _Nested[_WideNumber], /, **options: Unpack[_Plain]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(self, x: _Nested[_Narrow], /, **options: Unpack[_Plain]) -> NDArray[_Narrow]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, out: _Out | tuple[_Out], **options: Unpack[_Any]
    ) -> _Out: ...
    @overload
    def __call__(
        self,
        x: _Array[_Shape, Any],
        /,
        *,
        dtype: _DType[_Scalar],
        out: None = None,
        **options: Unpack[_Common],
    ) -> _Array[_Shape, _Scalar]: ...
    @overload
    def __call__(
        self, x: _Number, /, *, dtype: _DType[_Scalar], out: None = None, **options: Unpack[_Common]
    ) -> _Scalar: ...
    @overload
    def __call__(
        self,
        x: ArrayLike,
        /,
        *,
        dtype: _DType[_Scalar],
        out: None = None,
        **options: Unpack[_Common],
    ) -> NDArray[_Scalar]: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, Any], /, out: None = None, **options: Unpack[_Any]
    ) -> _Array[_Shape, Any]: ...
    @overload
    def __call__(
        self, x: _Foreign, /, out: _Foreign | tuple[_Foreign] | None = None, **options: Unpack[_Any]
    ) -> Any: ...
    @overload
    def __call__(self, x: _Number, /, out: None = None, **options: Unpack[_Any]) -> Any: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, out: None = None, **options: Unpack[_Any]
    ) -> NDArray[Any]: ...
    def at(self, a: NDArray[Any], indices: _Index | tuple[_Index, ...], /) -> None: ...
    # These need two operands.
    def accumulate(self, array: Never, /) -> NoReturn: ...
    def outer(self, A: Never, B: Never, /) -> NoReturn: ...
    def reduce(self, array: Never, /) -> NoReturn: ...
    def reduceat(self, array: Never, /, indices: Never) -> NoReturn: ...

@final
@type_check_only
class _Binary(np.ufunc):
    @property
    def nin(self) -> Literal[2]: ...
    @property
    def nout(self) -> Literal[1]: ...
    @property
    def nargs(self) -> Literal[3]: ...
    @property
    def ntypes(self) -> Literal[3]: ...
    @property
    def identity(self) -> None: ...
    @property
    def signature(self) -> None: ...
    @overload
    def __call__(
        self, dy: _Masked[Any, Any], x: ArrayLike, /, **options: Unpack[_Plain]
    ) -> _Masked[Any, Any]: ...
    @overload
    def __call__(
        self, dy: ArrayLike, x: _Masked[Any, Any], /, **options: Unpack[_Plain]
    ) -> _Masked[Any, Any]: ...
    @overload
    def __call__(
        self, dy: _Array[_Shape, _Narrow], x: _Array[_Shape, _Narrow], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, _Narrow]: ...
    @overload
    def __call__(
        self, dy: _Array[_Shape, _Wide], x: _Array[_Shape, _Wide], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self, dy: _Array[_Shape, _Wide], x: _WideNumber, /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self, dy: _WideNumber, x: _Array[_Shape, _Wide], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self,
        dy: _Array[_Shape, Any],
        x: np.float64 | _Array[_Shape, np.float64],
        /,
        **options: Unpack[_Plain],
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self,
        dy: np.float64 | _Array[_Shape, np.float64],
        x: _Array[_Shape, Any],
        /,
        **options: Unpack[_Plain],
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self, dy: _Array[_Shape, np.float64], x: _RealNumber, /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self, dy: _RealNumber, x: _Array[_Shape, np.float64], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self, dy: _Array[_Shape, _Narrow], x: _Narrow | float, /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, _Narrow]: ...
    @overload
    def __call__(
        self, dy: _Narrow | float, x: _Array[_Shape, _Narrow], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, _Narrow]: ...
    @overload
    def __call__(
        self, dy: _WideNumber, x: _WideNumber, /, **options: Unpack[_Plain]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, dy: np.float32 | np.float16, x: np.float64, /, **options: Unpack[_Plain]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, dy: np.float64, x: np.float32 | np.float16, /, **options: Unpack[_Plain]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, dy: _Narrow, x: _Narrow | float, /, **options: Unpack[_Plain]
    ) -> _Narrow: ...
    @overload
    def __call__(self, dy: float, x: _Narrow, /, **options: Unpack[_Plain]) -> _Narrow: ...
    @overload
    def __call__(
        self, dy: _Nested[_WideNumber], x: _Nested[_WideNumber], /, **options: Unpack[_Plain]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, dy: ArrayLike, x: ArrayLike, /, out: _Out | tuple[_Out], **options: Unpack[_Any]
    ) -> _Out: ...
    @overload
    def __call__(
        self,
        dy: _Number,
        x: _Number,
        /,
        *,
        dtype: _DType[_Scalar],
        out: None = None,
        **options: Unpack[_Common],
    ) -> _Scalar: ...
    @overload
    def __call__(
        self,
        dy: ArrayLike,
        x: ArrayLike,
        /,
        *,
        dtype: _DType[_Scalar],
        out: None = None,
        **options: Unpack[_Common],
    ) -> NDArray[_Scalar]: ...
    @overload
    def __call__(
        self, dy: NDArray[Any], x: ArrayLike, /, out: None = None, **options: Unpack[_Any]
    ) -> NDArray[Any]: ...
    @overload
    def __call__(
        self, dy: ArrayLike, x: NDArray[Any], /, out: None = None, **options: Unpack[_Any]
    ) -> NDArray[Any]: ...
    @overload
    def __call__(
        self,
        dy: _Foreign,
        x: ArrayLike | _Foreign,
        /,
        out: _Foreign | tuple[_Foreign] | None = None,
        **options: Unpack[_Any],
    ) -> Any: ...
    @overload
    def __call__(
        self,
        dy: ArrayLike | _Foreign,
        x: _Foreign,
        /,
        out: _Foreign | tuple[_Foreign] | None = None,
        **options: Unpack[_Any],
    ) -> Any: ...
    @overload
    def __call__(
        self, dy: _Number, x: _Number, /, out: None = None, **options: Unpack[_Any]
    ) -> Any: ...
    @overload
    def __call__(
        self, dy: ArrayLike, x: ArrayLike, /, out: None = None, **options: Unpack[_Any]
    ) -> NDArray[Any]: ...
    @overload
    def outer(
        self, dy: NDArray[_Float], x: NDArray[_Float], /, **options: Unpack[_Plain]
    ) -> NDArray[_Float]: ...
    @overload
    def outer(self, dy: ArrayLike, x: ArrayLike, /, **kwargs: Any) -> NDArray[Any]: ...
    def at(
        self, dy: NDArray[Any], indices: _Index | tuple[_Index, ...], x: ArrayLike, /
    ) -> None: ...

# Written by bench/publish.py: names.
__all__ += [
    "gelu",
    "gelu_backward",
    "gelu_grad",
    "gelu_tanh",
    "gelu_tanh_backward",
    "gelu_tanh_grad",
]

gelu: Final[_Unary]
gelu_tanh: Final[_Unary]
gelu_grad: Final[_Unary]
gelu_tanh_grad: Final[_Unary]
gelu_backward: Final[_Binary]
gelu_tanh_backward: Final[_Binary]
# End of what it wrote.
