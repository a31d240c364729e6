# mypy: disable-error-code="misc, overload-overlap, override"
# pyright: reportGeneralTypeIssues=false, reportIncompatibleMethodOverride=false
# pyright: reportOverlappingOverload=false
# (ufunc is final, the first overload that fits counts, and methods are narrower than ufunc's: the
# same holds for the classes that NumPy has for its own ufuncs.)

# Types of the ufuncs: one class for each shape, the numbers of inputs and outputs.  Its argument is
# the tier; Correct, of gelu_simd.cr, refuses float64 and what counts as float64.
#
# Types cannot tell everything: for an array of no dimensions the result is a scalar, not an array;
# ArrayLike includes complex numbers and strings, which raise TypeError; of ml_dtypes, types
# know no more than np.generic.
#
# A new shape is one class, of _NotBinary and _Ufunc as these are, with these overloads: _AnyMasked
# gives Any, once for each input; arrays of one _Float give that type; inputs of _Wide give NoReturn
# in the tier Correct; `out` gives its type; other inputs, of _Operand, give Any.  Several outputs
# give a tuple of such types.

from collections.abc import Sequence
from types import EllipsisType
from typing import (
    Any,
    Generic,
    Literal,
    Never,
    NoReturn,
    Protocol,
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

_T = TypeVar("_T")
_Inputs = TypeVar("_Inputs")
_Outputs = TypeVar("_Outputs")
_Operands = TypeVar("_Operands")
_Tier = TypeVar("_Tier")
_Scalar = TypeVar("_Scalar", bound=np.generic)
_Shape = TypeVar("_Shape", bound=tuple[int, ...])
_Out = TypeVar("_Out", bound=np.ndarray[Any, Any])
_Out2 = TypeVar("_Out2", bound=np.ndarray[Any, Any])
_Float = TypeVar("_Float", bound=np.float64 | np.float32 | np.float16)
_Narrow = TypeVar("_Narrow", bound=np.float32 | np.float16)

_Array: TypeAlias = np.ndarray[_Shape, np.dtype[_Scalar]]
_Masked: TypeAlias = np.ma.MaskedArray[_Shape, np.dtype[_Scalar]]
_AnyMasked: TypeAlias = _Masked[Any, Any]
_Wide: TypeAlias = np.float64 | np.integer[Any] | np.bool  # computed in float64
_WideNumber: TypeAlias = float | _Wide
_Number: TypeAlias = float | np.generic
_DType: TypeAlias = type[_Scalar] | np.dtype[_Scalar]
_Nested: TypeAlias = Sequence[_T] | Sequence[Sequence[_T]] | Sequence[Sequence[Sequence[_T]]]
_Where: TypeAlias = bool | np.bool | NDArray[np.bool] | _Nested[bool | np.bool]
# An array of another library, which decides itself what a ufunc gives.
_Foreign: TypeAlias = _HasArrayUfunc | _HasArrayWrap
_Operand: TypeAlias = ArrayLike | _Foreign
_ForeignOut: TypeAlias = _Foreign | tuple[_Foreign] | None
_Outs: TypeAlias = tuple[NDArray[Any] | _Foreign | None, NDArray[Any] | _Foreign | None] | None
_Index: TypeAlias = ArrayLike | slice | EllipsisType | None

# The tiers, by the number of NumPy's own types that they have loops for.
Fast: TypeAlias = Literal[3]
Correct: TypeAlias = Literal[2]

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
class _New(_Common, total=False):
    # The result is a new array.
    out: None

@type_check_only
class _Plain(_New, total=False):
    # The operands alone decide what the result is.
    dtype: None

@type_check_only
class _New2(_Common, total=False):
    # The results are new arrays.
    out: tuple[None, None] | None

@type_check_only
class _Plain2(_New2, total=False):
    dtype: None

@type_check_only
class _Any(_Common, total=False):
    dtype: DTypeLike | None
    signature: str | tuple[DTypeLike | None, ...]

@type_check_only
class _Ufunc(np.ufunc, Generic[_Inputs, _Outputs, _Operands, _Tier]):
    @property
    def nin(self) -> _Inputs: ...
    @property
    def nout(self) -> _Outputs: ...
    @property
    def nargs(self) -> _Operands: ...
    @property
    def ntypes(self) -> _Tier: ...
    @property
    def identity(self) -> None: ...
    @property
    def signature(self) -> None: ...

@type_check_only
class _NotBinary(np.ufunc):
    # These methods need two inputs and one output; `at` does with one input.
    def accumulate(self, array: Never, /) -> NoReturn: ...
    def at(self, a: Never, indices: Never, /) -> NoReturn: ...
    def outer(self, A: Never, B: Never, /) -> NoReturn: ...
    def reduce(self, array: Never, /) -> NoReturn: ...
    def reduceat(self, array: Never, /, indices: Never) -> NoReturn: ...

@final
@type_check_only
class Ufunc1to1(_NotBinary, _Ufunc[Literal[1], Literal[1], Literal[2], _Tier], Generic[_Tier]):
    @overload
    def __call__(
        self, x: _Masked[_Shape, _Narrow], /, **options: Unpack[_Plain]
    ) -> _Masked[_Shape, _Narrow]: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, _Narrow], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, _Narrow]: ...
    @overload
    def __call__(
        self: Ufunc1to1[Correct],
        x: _Array[Any, _Wide] | _WideNumber | _Nested[_WideNumber],
        /,
        **options: Unpack[_Plain],
    ) -> NoReturn: ...
    @overload
    def __call__(
        self, x: _Masked[_Shape, _Wide], /, **options: Unpack[_Plain]
    ) -> _Masked[_Shape, np.float64]: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, _Float], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, _Float]: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, _Wide], /, **options: Unpack[_Plain]
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
        self, x: _Number, /, *, dtype: _DType[_Scalar], **options: Unpack[_New]
    ) -> _Scalar: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, Any], /, *, dtype: _DType[_Scalar], **options: Unpack[_New]
    ) -> _Array[_Shape, _Scalar]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, *, dtype: _DType[_Scalar], **options: Unpack[_New]
    ) -> NDArray[_Scalar]: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, Any], /, out: None = None, **options: Unpack[_Any]
    ) -> _Array[_Shape, Any]: ...
    @overload
    def __call__(
        self, x: _Number | _Foreign, /, out: _ForeignOut = None, **options: Unpack[_Any]
    ) -> Any: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, out: None = None, **options: Unpack[_Any]
    ) -> NDArray[Any]: ...
    def at(self, a: NDArray[Any], indices: _Index | tuple[_Index, ...], /) -> None: ...

@final
@type_check_only
class Ufunc2to1(_Ufunc[Literal[2], Literal[1], Literal[3], _Tier], Generic[_Tier]):
    @overload
    def __call__(
        self, x1: _AnyMasked, x2: ArrayLike, /, **options: Unpack[_Plain]
    ) -> _AnyMasked: ...
    @overload
    def __call__(
        self, x1: ArrayLike, x2: _AnyMasked, /, **options: Unpack[_Plain]
    ) -> _AnyMasked: ...
    # Arrays alone come first: pyright overlooks in a union that an argument may be of any type.
    @overload
    def __call__(
        self, x1: _Array[_Shape, _Narrow], x2: _Array[_Shape, _Narrow], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, _Narrow]: ...
    @overload
    def __call__(
        self: Ufunc2to1[Fast],
        x1: np.float64 | _Array[_Shape, np.float64],
        x2: _Array[_Shape, Any],
        /,
        **options: Unpack[_Plain],
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self: Ufunc2to1[Fast],
        x1: _Array[_Shape, Any],
        x2: np.float64 | _Array[_Shape, np.float64],
        /,
        **options: Unpack[_Plain],
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self: Ufunc2to1[Correct], x1: np.float64, x2: ArrayLike, /, **options: Unpack[_Plain]
    ) -> NoReturn: ...
    @overload
    def __call__(
        self: Ufunc2to1[Correct], x1: ArrayLike, x2: np.float64, /, **options: Unpack[_Plain]
    ) -> NoReturn: ...
    @overload
    def __call__(
        self, x1: float | _Narrow, x2: _Array[_Shape, _Narrow], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, _Narrow]: ...
    @overload
    def __call__(
        self, x1: _Array[_Shape, _Narrow], x2: float | _Narrow, /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, _Narrow]: ...
    @overload
    def __call__(
        self: Ufunc2to1[Correct],
        x1: _Array[Any, np.float64],
        x2: ArrayLike,
        /,
        **options: Unpack[_Plain],
    ) -> NoReturn: ...
    @overload
    def __call__(
        self: Ufunc2to1[Correct],
        x1: ArrayLike,
        x2: _Array[Any, np.float64],
        /,
        **options: Unpack[_Plain],
    ) -> NoReturn: ...
    @overload
    def __call__(
        self: Ufunc2to1[Correct],
        x1: _WideNumber | _Array[Any, _Wide],
        x2: _WideNumber | _Array[Any, _Wide],
        /,
        **options: Unpack[_Plain],
    ) -> NoReturn: ...
    @overload
    def __call__(
        self, x1: _Array[_Shape, _Wide], x2: _Array[_Shape, _Wide], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self, x1: _WideNumber, x2: _Array[_Shape, _Wide], /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self, x1: _Array[_Shape, _Wide], x2: _WideNumber, /, **options: Unpack[_Plain]
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self, x1: _WideNumber, x2: _WideNumber, /, **options: Unpack[_Plain]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, x1: ArrayLike, x2: ArrayLike, /, out: _Out | tuple[_Out], **options: Unpack[_Any]
    ) -> _Out: ...
    @overload
    def __call__(
        self, x1: _Number, x2: _Number, /, *, dtype: _DType[_Scalar], **options: Unpack[_New]
    ) -> _Scalar: ...
    @overload
    def __call__(
        self, x1: ArrayLike, x2: ArrayLike, /, *, dtype: _DType[_Scalar], **options: Unpack[_New]
    ) -> NDArray[_Scalar]: ...
    @overload
    def __call__(
        self, x1: NDArray[Any], x2: ArrayLike, /, out: None = None, **options: Unpack[_Any]
    ) -> NDArray[Any]: ...
    @overload
    def __call__(
        self, x1: ArrayLike, x2: NDArray[Any], /, out: None = None, **options: Unpack[_Any]
    ) -> NDArray[Any]: ...
    @overload
    def __call__(
        self, x1: _Foreign, x2: _Operand, /, out: _ForeignOut = None, **options: Unpack[_Any]
    ) -> Any: ...
    @overload
    def __call__(
        self, x1: _Operand, x2: _Foreign, /, out: _ForeignOut = None, **options: Unpack[_Any]
    ) -> Any: ...
    @overload
    def __call__(
        self, x1: _Number, x2: _Number, /, out: _ForeignOut = None, **options: Unpack[_Any]
    ) -> Any: ...
    @overload
    def __call__(
        self, x1: ArrayLike, x2: ArrayLike, /, out: None = None, **options: Unpack[_Any]
    ) -> NDArray[Any]: ...
    @overload
    def outer(
        self, x1: NDArray[_Float], x2: NDArray[_Float], /, **options: Unpack[_Plain]
    ) -> NDArray[_Float]: ...
    @overload
    def outer(self, x1: ArrayLike, x2: ArrayLike, /, **kwargs: Any) -> NDArray[Any]: ...
    def at(
        self, x1: NDArray[Any], indices: _Index | tuple[_Index, ...], x2: ArrayLike, /
    ) -> None: ...

@final
@type_check_only
class Ufunc3to1(_NotBinary, _Ufunc[Literal[3], Literal[1], Literal[4], _Tier], Generic[_Tier]):
    @overload
    def __call__(
        self, x1: _AnyMasked, x2: ArrayLike, x3: ArrayLike, /, **options: Unpack[_Plain]
    ) -> _AnyMasked: ...
    @overload
    def __call__(
        self, x1: ArrayLike, x2: _AnyMasked, x3: ArrayLike, /, **options: Unpack[_Plain]
    ) -> _AnyMasked: ...
    @overload
    def __call__(
        self, x1: ArrayLike, x2: ArrayLike, x3: _AnyMasked, /, **options: Unpack[_Plain]
    ) -> _AnyMasked: ...
    @overload
    def __call__(
        self,
        x1: _Array[_Shape, _Narrow],
        x2: _Array[_Shape, _Narrow],
        x3: _Array[_Shape, _Narrow],
        /,
        **options: Unpack[_Plain],
    ) -> _Array[_Shape, _Narrow]: ...
    @overload
    def __call__(
        self,
        x1: _Array[_Shape, _Wide],
        x2: _Array[_Shape, _Wide],
        x3: _Array[_Shape, _Wide],
        /,
        **options: Unpack[_Plain],
    ) -> _Array[_Shape, np.float64]: ...
    @overload
    def __call__(
        self, x1: _WideNumber, x2: _WideNumber, x3: _WideNumber, /, **options: Unpack[_Plain]
    ) -> np.float64: ...
    @overload
    def __call__(
        self,
        x1: ArrayLike,
        x2: ArrayLike,
        x3: ArrayLike,
        /,
        out: _Out | tuple[_Out],
        **options: Unpack[_Any],
    ) -> _Out: ...
    @overload
    def __call__(
        self,
        x1: _Number,
        x2: _Number,
        x3: _Number,
        /,
        *,
        dtype: _DType[_Scalar],
        **options: Unpack[_New],
    ) -> _Scalar: ...
    @overload
    def __call__(
        self,
        x1: ArrayLike,
        x2: ArrayLike,
        x3: ArrayLike,
        /,
        *,
        dtype: _DType[_Scalar],
        **options: Unpack[_New],
    ) -> NDArray[_Scalar]: ...
    @overload
    def __call__(
        self,
        x1: _Operand,
        x2: _Operand,
        x3: _Operand,
        /,
        out: _ForeignOut = None,
        **options: Unpack[_Any],
    ) -> Any: ...

@final
@type_check_only
class Ufunc1to2(_NotBinary, _Ufunc[Literal[1], Literal[2], Literal[3], _Tier], Generic[_Tier]):
    @overload
    def __call__(
        self, x: _Masked[_Shape, _Float], /, **options: Unpack[_Plain2]
    ) -> tuple[_Masked[_Shape, _Float], _Masked[_Shape, _Float]]: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, _Float], /, **options: Unpack[_Plain2]
    ) -> tuple[_Array[_Shape, _Float], _Array[_Shape, _Float]]: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, _Wide], /, **options: Unpack[_Plain2]
    ) -> tuple[_Array[_Shape, np.float64], _Array[_Shape, np.float64]]: ...
    @overload
    def __call__(self, x: _Narrow, /, **options: Unpack[_Plain2]) -> tuple[_Narrow, _Narrow]: ...
    @overload
    def __call__(
        self, x: _WideNumber, /, **options: Unpack[_Plain2]
    ) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self, x: _Nested[_WideNumber], /, **options: Unpack[_Plain2]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, x: ArrayLike, out1: _Out, out2: _Out2, /, **options: Unpack[_Any]
    ) -> tuple[_Out, _Out2]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, *, out: tuple[_Out, _Out2], **options: Unpack[_Any]
    ) -> tuple[_Out, _Out2]: ...
    @overload
    def __call__(
        self, x: _Number, /, *, dtype: _DType[_Scalar], **options: Unpack[_New2]
    ) -> tuple[_Scalar, _Scalar]: ...
    @overload
    def __call__(
        self, x: _Array[_Shape, Any], /, *, dtype: _DType[_Scalar], **options: Unpack[_New2]
    ) -> tuple[_Array[_Shape, _Scalar], _Array[_Shape, _Scalar]]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, *, dtype: _DType[_Scalar], **options: Unpack[_New2]
    ) -> tuple[NDArray[_Scalar], NDArray[_Scalar]]: ...
    @overload
    def __call__(
        self,
        x: _Operand,
        out1: NDArray[Any] | None = None,
        out2: NDArray[Any] | None = None,
        /,
        *,
        out: _Outs = None,
        **options: Unpack[_Any],
    ) -> tuple[Any, Any]: ...

@final
@type_check_only
class Ufunc3to2(_NotBinary, _Ufunc[Literal[3], Literal[2], Literal[5], _Tier], Generic[_Tier]):
    @overload
    def __call__(
        self,
        x1: _Array[_Shape, _Narrow],
        x2: _Array[_Shape, _Narrow],
        x3: _Array[_Shape, _Narrow],
        /,
        **options: Unpack[_Plain2],
    ) -> tuple[_Array[_Shape, _Narrow], _Array[_Shape, _Narrow]]: ...
    @overload
    def __call__(
        self,
        x1: _Array[_Shape, _Wide],
        x2: _Array[_Shape, _Wide],
        x3: _Array[_Shape, _Wide],
        /,
        **options: Unpack[_Plain2],
    ) -> tuple[_Array[_Shape, np.float64], _Array[_Shape, np.float64]]: ...
    @overload
    def __call__(
        self, x1: _WideNumber, x2: _WideNumber, x3: _WideNumber, /, **options: Unpack[_Plain2]
    ) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self,
        x1: ArrayLike,
        x2: ArrayLike,
        x3: ArrayLike,
        out1: _Out,
        out2: _Out2,
        /,
        **options: Unpack[_Any],
    ) -> tuple[_Out, _Out2]: ...
    @overload
    def __call__(
        self,
        x1: ArrayLike,
        x2: ArrayLike,
        x3: ArrayLike,
        /,
        *,
        out: tuple[_Out, _Out2],
        **options: Unpack[_Any],
    ) -> tuple[_Out, _Out2]: ...
    @overload
    def __call__(
        self,
        x1: _Operand,
        x2: _Operand,
        x3: _Operand,
        out1: NDArray[Any] | None = None,
        out2: NDArray[Any] | None = None,
        /,
        *,
        out: _Outs = None,
        **options: Unpack[_Any],
    ) -> tuple[Any, Any]: ...
