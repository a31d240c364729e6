"""The functions for CuPy arrays, with the bits of the CPU.

The kernels are the CPU's own maths, compiled for the device.  Calling the ufuncs of `gelu_simd`
with CuPy arrays comes here; these functions take nothing else.  All run on the device of their
arrays, on its current stream, and copy nothing to the host.

>>> import cupy as cp  # doctest: +SKIP
>>> import gelu_simd.cupy
>>> gelu_simd.cupy.gelu(cp.linspace(-3, 3, 7, dtype=cp.float32))  # doctest: +SKIP

Errors, special values and types are those of the ufuncs, documented there.  The ufuncs of
`gelu_simd.cr` take CuPy arrays too; `call` is the way to them where NumPy cannot hand over.
"""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cupy  # type: ignore[import-not-found,import-untyped,unused-ignore]
import numpy as np

from gelu_simd._functions import FAST
from gelu_simd._types import TYPES
from gelu_simd._ufuncs import of_tier, records

Key = np.dtype | type  # an operand for NumPy's promotion: a dtype, or the type of a Python number

NUMBERS = (int, float, complex)  # the types that follow the arrays'
PACKET = 16  # bytes that a thread loads at once

HERE = Path(__file__).parent
CSRC = next(
    folder
    for folder in (HERE / "csrc", HERE.parents[1] / "csrc")  # installed; where it is developed
    if folder.is_dir()
)


def source(file: Path) -> str:
    """Return a file of csrc with the files it includes in their places, without the system's."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        include = re.match(r'#include (?:"(.+)"|<)', line)
        if include is None:
            lines.append(line)
        elif include[1] is not None:
            lines.append(source(file.parent / include[1]))
    return "".join(lines)


@functools.cache
def kernels(ufunc: np.ufunc, dtype: np.dtype) -> tuple[Callable, Callable, Callable]:
    """Return the kernels of one function and type: elements, elements where, packets."""
    function, operands = records[ufunc].name, records[ufunc].operands
    suffix, bits = TYPES[dtype.name].suffix, f"uint{8 * dtype.itemsize}"
    preamble = source(CSRC / "kernels" / "cuda.h")
    computed = f"<gelu_simd::{suffix}, gelu_simd::{function}_{suffix}>"

    def kernel(operation: str, name: str, inputs: list[str], kind: str) -> Callable:
        return cupy.ElementwiseKernel(
            ", ".join(inputs), f"{kind}{bits} y", operation, f"gelu_simd_{name}_{suffix}",
            preamble=preamble, no_return=True, options=("--std=c++17",),
        )  # fmt: skip

    plain = [f"{bits} {name}" for name in operands]
    compute = f"y = gelu_simd::element{computed}({', '.join(operands)})"
    pointers = ", ".join(f"&{name}[0]" for name in ["y", *operands])
    packet = f"gelu_simd::compute_packet{computed}(y.size(), i, {pointers})"
    return (
        kernel(compute, function, plain, ""),
        kernel(f"if (where) {compute}", f"{function}_where", [*plain, "bool where"], ""),
        kernel(packet, f"{function}_packet", [f"raw {name}" for name in plain], "raw "),
    )


@functools.cache
def compute_dtype(
    ufunc: np.ufunc, inputs: tuple[Key, ...], out: np.dtype | None, signature: Any, casting: Any
) -> np.dtype:
    """Return the type that the ufunc computes in, as on the CPU, or raise as it does."""
    by_signature = {} if signature is None else {"signature": signature}
    return ufunc.resolve_dtypes((*inputs, out), casting=casting, **by_signature)[-1]


def key(x: Any) -> Key:
    """Return an operand's part in promotion: its dtype, or the type of a Python number."""
    if type(x) in NUMBERS:
        return type(x)
    return x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype


def check(ufunc: np.ufunc, named: list[tuple[str, Any]]) -> None:
    """Raise TypeError unless the operands are CuPy arrays of one device, or numbers."""
    name = ufunc.__name__
    device = None
    for what, x in named:
        if isinstance(x, cupy.ndarray):
            if device is None:
                device, first = x.device, what
            elif x.device != device:
                raise TypeError(
                    f"{name}: {first} is on GPU {device.id}, {what} on GPU {x.device.id}; copy one "
                    "to the other by cupy.asarray within `with cupy.cuda.Device(id):`"
                )
        elif not isinstance(x, (int, float, complex, np.generic)):
            where = "on the host" if isinstance(x, np.ndarray) else "no CuPy array"
            raise TypeError(
                f"{name}: {what}, a {type(x).__module__}.{type(x).__name__}, is {where}; "
                "convert it by cupy.asarray, or the CuPy arrays by cupy.asnumpy"
            )
    if device is None:
        raise TypeError(f"{name} takes CuPy arrays here; {records[ufunc].tier.module}.{name} takes all else")


def call(
    ufunc: np.ufunc,
    *args: Any,
    out: Any = None,
    where: Any = True,
    dtype: Any = None,
    casting: str = "same_kind",
    order: str | None = "K",
    signature: Any = None,
    subok: bool = True,  # there are no subclasses to keep
    **others: Any,
) -> Any:
    """Compute `ufunc` of CuPy arrays by a kernel, with the arguments of a ufunc's call."""
    name, nin = ufunc.__name__, ufunc.nin
    if others:
        raise TypeError(f"{name}() got an unexpected keyword argument {next(iter(others))!r}")
    if not nin <= len(args) <= ufunc.nargs:
        raise TypeError(f"{name} takes {nin} inputs and out, but {len(args)} were given")
    if isinstance(out, tuple):
        if len(out) != 1:
            raise ValueError(f"{name}: the out tuple must have one entry, not {len(out)}")
        out = out[0]
    if len(args) > nin:
        if out is not None:
            raise TypeError(f"{name}: out was given by position and by keyword")
        args, out = args[:nin], args[nin]
    named = list(zip(records[ufunc].operands, args, strict=True))
    if out is not None:
        named.append(("out", out))
    if where is not True:
        named.append(("where", where))
    check(ufunc, named)
    if out is not None and not isinstance(out, cupy.ndarray):
        raise TypeError(f"{name}: out, a number, must be a CuPy array")
    order = "K" if order is None else order
    if order not in tuple("CFAKcfak"):
        raise ValueError(f"{name}: order must be one of 'C', 'F', 'A' or 'K', not {order!r}")
    if not isinstance(subok, bool):
        raise TypeError(f"{name}: subok must be True or False, not {subok!r}")
    if dtype is not None:
        if signature is not None:
            raise TypeError(f"{name}: dtype and signature exclude each other")
        signature = (None,) * nin + (np.dtype(dtype),)
    elif not isinstance(signature, (str, tuple, type(None))):
        raise TypeError(f"{name}: signature must be a string or a tuple, not {signature!r}")
    out_dtype = None if out is None else out.dtype
    computed = compute_dtype(ufunc, tuple(map(key, args)), out_dtype, signature, casting)

    device = next(x.device for _, x in named if isinstance(x, cupy.ndarray))
    with device:
        return launch(ufunc, computed, args, out, where, casting, order.upper())


def launch(
    ufunc: np.ufunc, dtype: np.dtype, args: tuple, out: Any, where: Any, casting: str, order: str
) -> Any:
    """Convert what has to be, allocate the output and run the kernel on the current device."""
    inputs = [
        x.astype(dtype, copy=False)
        if isinstance(x, cupy.ndarray)
        else cupy.full((), x if type(x) in NUMBERS else np.asarray(x)[()], dtype)
        for x in args
    ]
    masked = where is not True
    if masked:
        where = cupy.asarray(where)
        if where.dtype != bool:
            raise TypeError(f"{ufunc.__name__}: where must be bool, not {where.dtype}")
    shapes = [x.shape for x in inputs] + ([where.shape] if masked else [])
    shape = np.broadcast_shapes(*shapes)
    if out is not None:
        wide = len(out.shape) >= len(shape) and all(
            n in (1, m) for n, m in zip(shape[::-1], out.shape[::-1], strict=False)
        )
        if not wide:
            raise ValueError(f"{ufunc.__name__}: out has the shape {out.shape}, the result {shape}")
        shape = out.shape
    y = out if out is not None and out.dtype == dtype else empty(inputs, shape, dtype, order)
    inputs = [x.copy() if is_overwritten(x, y) else x for x in inputs]
    if masked and any(is_overwritten(where, z) for z in (y, out) if z is not None):
        where = where.copy()
    if y.size:
        run(ufunc, dtype, inputs, y, where if masked else None)
    if out is None or y is out:
        return y
    cupy.copyto(out, y, casting=casting, where=where if masked else None)
    return out


def empty(inputs: list, shape: tuple[int, ...], dtype: np.dtype, order: str) -> Any:
    """Allocate the output as NumPy lays it out: "K" is as the inputs are, C if they disagree."""
    if order == "A":
        order = "F" if all(x.flags.f_contiguous for x in inputs) else "C"
    whole = [x for x in inputs if x.shape == shape]
    if order == "K" and whole and all(x.strides == whole[0].strides for x in whole):
        return cupy.empty_like(whole[0])
    return cupy.empty(shape, dtype, order="F" if order == "F" else "C")


def run(ufunc: np.ufunc, dtype: np.dtype, inputs: list, y: Any, where: Any) -> None:
    """Run the kernel that fits the arrays' layout."""
    elements, elements_where, packets = kernels(ufunc, dtype)
    bits = np.dtype(f"u{dtype.itemsize}")
    if where is not None:
        elements_where(*(x.view(bits) for x in inputs), where, y.view(bits))
    elif in_packets(inputs, y):
        count = -(-y.nbytes // PACKET)
        packets(*(flat(x).view(bits) for x in inputs), flat(y).view(bits), size=count)
    else:
        elements(*(x.view(bits) for x in inputs), y.view(bits))


def flat(x: Any) -> Any:
    """Return the elements of a contiguous array in the order of memory, without a copy."""
    return x.ravel(order="C" if x.flags.c_contiguous else "F")


def is_overwritten(x: Any, y: Any) -> bool:
    """Tell whether writing y could change elements of x that are still to be read."""
    alike = x.data.ptr == y.data.ptr and x.shape == y.shape and x.strides == y.strides
    return not alike and cupy.may_share_memory(x, y)


def in_packets(inputs: list, y: Any) -> bool:
    """Tell whether all lie in memory alike, without gaps, and begin at packets."""
    arrays = [*inputs, y]
    return all(x.shape == y.shape and x.data.ptr % PACKET == 0 for x in arrays) and (
        all(x.flags.c_contiguous for x in arrays) or all(x.flags.f_contiguous for x in arrays)
    )


def wrapped(ufunc: np.ufunc) -> Callable:
    """Return `call` of one ufunc under its name."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return call(ufunc, *args, **kwargs)

    function.__name__ = function.__qualname__ = ufunc.__name__
    function.__doc__ = (
        f"`gelu_simd.{ufunc.__name__}` of CuPy arrays: the same arguments, the same bits."
    )
    return function


_functions = of_tier(FAST)
__all__ = list(_functions)  # noqa: PLE0605 - names of functions
globals().update({name: wrapped(ufunc) for name, ufunc in _functions.items()})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., Any]: ...
