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
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cupy  # type: ignore[import-not-found,import-untyped,unused-ignore]
import numpy as np

from gelu_simd._errors import Refusal
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
    function, suffix = records[ufunc].name, TYPES[dtype.name].suffix
    bits, c_type = f"uint{8 * dtype.itemsize}", f"gelu_simd::{suffix}::bits"
    xs, ys = (
        [f"{letter}{k}" for k in range(n)] for letter, n in (("x", ufunc.nin), ("y", ufunc.nout))
    )
    preamble = source(CSRC / "kernels" / "cuda.h")
    call = f"<gelu_simd::{suffix}, gelu_simd::{function}_{suffix}_call>"

    def kernel(operation: str, name: str, kind: str, *others: str) -> Callable:
        inputs, outputs = ([f"{kind}{bits} {operand}" for operand in names] for names in (xs, ys))
        return cupy.ElementwiseKernel(
            ", ".join([*inputs, *others]), ", ".join(outputs), operation,
            f"gelu_simd_{name}_{suffix}",
            preamble=preamble, no_return=True, options=("--std=c++17",),
        )  # fmt: skip

    element = (
        f"const {c_type} x[] = {{{', '.join(xs)}}}; {c_type} y[{len(ys)}]; "
        f"gelu_simd::compute_element{call}(x, y); "
        + " ".join(f"{name} = y[{k}];" for k, name in enumerate(ys))
    )
    pointers = (", ".join(f"&{name}[0]" for name in names) for names in (xs, ys))
    packet = (
        "const {0} *const x[] = {{{1}}}; {0} *const y[] = {{{2}}}; ".format(c_type, *pointers)
        + f"gelu_simd::compute_packet{call}(y0.size(), i, x, y)"
    )
    return (
        kernel(element, function, ""),
        kernel(f"if (where) {{ {element} }}", f"{function}_where", "", "bool where"),
        kernel(packet, f"{function}_packet", "raw "),
    )


def bits_of(dtype: np.dtype) -> np.dtype:
    """Return the type of a type's bits."""
    return np.dtype(f"u{dtype.itemsize}")


@functools.cache
def packet_kernel(ufunc: np.ufunc, dtype: np.dtype) -> tuple[Callable, np.dtype] | None:
    """Return the kernel of packets and its operands' type; None if the ufunc converts first."""
    if dtype.name not in records[ufunc].types:
        return None
    return kernels(ufunc, dtype)[-1], bits_of(dtype)


@functools.cache
def compute_dtype(
    ufunc: np.ufunc, operands: tuple[Key | None, ...], signature: Any, casting: Any
) -> np.dtype:
    """Return the type that the ufunc computes in, as on the CPU, or raise as it does."""
    by_signature = {} if signature is None else {"signature": signature}
    return ufunc.resolve_dtypes(operands, casting=casting, **by_signature)[-1]


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
        module = records[ufunc].tier.module
        raise TypeError(f"{name} takes CuPy arrays here; {module}.{name} takes all else")


def call(ufunc: np.ufunc, *args: Any, out: Any = None, **options: Any) -> Any:
    """Compute `ufunc` of CuPy arrays by a kernel, with the arguments of a ufunc's call."""
    inputs, positional = args[: ufunc.nin], args[ufunc.nin :]
    results = None
    if not options and len(inputs) == ufunc.nin and not (positional and out is not None):
        results = compute_alike(ufunc, inputs, positional or out)
    if results is None:
        results = compute(ufunc, *args, out=out, **options)
    return results[0] if len(results) == 1 else tuple(results)


def compute_alike(ufunc: np.ufunc, inputs: tuple, out: Any) -> list | None:
    """Compute arrays that lie in memory alike on the current device, as most do.

    Returns None, having written nothing, for all other arguments, wrong ones among them.  It needs
    few of the checks of `compute`, for whose time a small array would wait.
    """
    outs = out if isinstance(out, tuple) else (out,) * (ufunc.nout if out is None else 1)
    given = [*inputs, *(y for y in outs if y is not None)]
    x, device = inputs[0], cupy.cuda.runtime.getDevice()
    for a in given:
        if type(a) is not cupy.ndarray or a.dtype != x.dtype or a.device.id != device:
            return None
    kernel = packet_kernel(ufunc, x.dtype)
    if kernel is None or len(outs) != ufunc.nout or not x.size or not in_packets(given):
        return None
    for y in given[len(inputs) :]:
        if any(is_overwritten(a, y) for a in given):
            return None
    order = "C" if x.flags.c_contiguous else "F"
    ys = [cupy.ndarray(x.shape, x.dtype, order=order) if y is None else y for y in outs]
    if any(y.data.ptr % PACKET for y in ys):
        return None
    run_packets(*kernel, [*inputs, *ys])
    return ys


def compute(
    ufunc: np.ufunc,
    *args: Any,
    out: Any = None,
    where: Any = True,
    dtype: Any = None,
    casting: str = "same_kind",
    order: str | None = "K",
    signature: Any = None,
    subok: bool = True,  # of results, which are of no subclass here
    **others: Any,
) -> list:
    """Compute `ufunc` of any arguments, or raise an error that names what is wrong."""
    name, nin = ufunc.__name__, ufunc.nin
    if others:
        raise TypeError(f"{name}() got an unexpected keyword argument {next(iter(others))!r}")
    if not nin <= len(args) <= ufunc.nargs:
        raise TypeError(f"{name} takes {nin} inputs and out, but {len(args)} were given")
    outs = outputs(ufunc, args[nin:], out)
    args = args[:nin]
    named = list(zip(records[ufunc].operands, args, strict=True))
    names = ["out"] if len(outs) == 1 else records[ufunc].results
    named += [(what, y) for what, y in zip(names, outs, strict=True) if y is not None]
    if where is not True:
        named.append(("where", where))
    check(ufunc, named)
    for what, y in zip(names, outs, strict=True):
        if y is not None and not isinstance(y, cupy.ndarray):
            raise TypeError(f"{name}: {what}, a number, must be a CuPy array")
    order = "K" if order is None else order
    if order not in tuple("CFAKcfak"):
        raise ValueError(f"{name}: order must be one of 'C', 'F', 'A' or 'K', not {order!r}")
    if not isinstance(subok, bool):
        raise TypeError(f"{name}: subok must be True or False, not {subok!r}")
    if dtype is not None:
        if signature is not None:
            raise TypeError(f"{name}: dtype and signature exclude each other")
        signature = (None,) * nin + (np.dtype(dtype),) * ufunc.nout
    elif not isinstance(signature, (str, tuple, type(None))):
        raise TypeError(f"{name}: signature must be a string or a tuple, not {signature!r}")
    operands = (*map(key, args), *(None if y is None else y.dtype for y in outs))
    try:
        computed = compute_dtype(ufunc, operands, signature, casting)
    except Refusal as refusal:
        raise TypeError(str(refusal)) from None
    if computed.name not in records[ufunc].types:
        *types, last = records[ufunc].types
        raise TypeError(
            f"{name} does not take {computed.name} in CuPy arrays; "
            f"it takes {', '.join(types)} and {last}, and what CuPy converts to them"
        )

    device = next(x.device for _, x in named if isinstance(x, cupy.ndarray))
    with device:
        return launch(ufunc, computed, args, outs, where, casting, order.upper())


def outputs(ufunc: np.ufunc, positional: tuple, out: Any) -> list:
    """Return the arrays to write to, None for each that is to be allocated."""
    name, nout = ufunc.__name__, ufunc.nout
    if positional:
        if out is not None:
            raise TypeError(f"{name}: out was given by position and by keyword")
        return [*positional, *[None] * (nout - len(positional))]
    if isinstance(out, tuple):
        if len(out) != nout:
            entries = "one entry" if nout == 1 else f"{nout} entries"
            raise ValueError(f"{name}: the out tuple must have {entries}, not {len(out)}")
        return list(out)
    if out is not None and nout > 1:
        raise TypeError(
            f"{name}: out must be a tuple of {nout}, arrays or None, not {type(out).__name__}"
        )
    return [out] * nout


def launch(
    ufunc: np.ufunc, dtype: np.dtype, args: tuple, outs: list, where: Any, casting: str, order: str
) -> list:
    """Convert what has to be, allocate the outputs and run the kernel on the current device."""
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
    for out in outs:
        if out is not None and not broadcasts(shape, out.shape):
            raise ValueError(f"{ufunc.__name__}: out has the shape {out.shape}, the result {shape}")
        shape = shape if out is None else out.shape
    if any(out is not None and out.shape != shape for out in outs):
        named = " and ".join(str(out.shape) for out in outs if out is not None)
        raise ValueError(f"{ufunc.__name__}: the outputs have the shapes {named}, not one")
    operands = [x for x in (*args, where, *outs) if isinstance(x, cupy.ndarray)]
    ys: list[Any] = []
    for out in outs:
        if out is None or out.dtype != dtype or any(is_overwritten(y, out) for y in ys):
            ys.append(empty(operands, shape, dtype, order))
        else:
            ys.append(out)
    inputs = [x.copy() if any(is_overwritten(x, y) for y in ys) else x for x in inputs]
    if masked and any(cupy.may_share_memory(where, z) for z in (*ys, *outs) if z is not None):
        where = where.copy()
    if prod(shape):
        run(ufunc, dtype, inputs, ys, where if masked else None)
    for y, out in zip(ys, outs, strict=True):
        if out is not None and y is not out:
            cupy.copyto(out, y, casting=casting, where=where if masked else None)
    return [y if out is None else out for y, out in zip(ys, outs, strict=True)]


def broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Tell whether one shape broadcasts to another, which stays what it is."""
    return len(to) >= len(shape) and all(
        n in (1, m) for n, m in zip(shape[::-1], to[::-1], strict=False)
    )


def empty(operands: list, shape: tuple[int, ...], dtype: np.dtype, order: str) -> Any:
    """Allocate an output as NumPy lays it out."""
    if order == "A":
        order = "F" if all(x.flags.f_contiguous for x in operands) else "C"
    axes = list(range(len(shape)))
    if order == "F":
        axes.reverse()
    elif order == "K" and len(axes) > 1:
        axes = axes_of(operands)
    made = cupy.ndarray([shape[axis] for axis in axes], dtype)
    return made.transpose([axes.index(axis) for axis in range(len(axes))])


def axes_of(operands: list) -> list[int]:
    """Return the axes of a result, the innermost in memory last, as NumPy's order "K" has them.

    NumPy itself chooses, for arrays with these strides and two elements an axis that nobody reads.
    """
    short: list[Any] = [
        np.lib.stride_tricks.as_strided(np.empty(1, bool), [min(n, 2) for n in x.shape], x.strides)
        for x in operands
    ]
    flags: Any = [["readonly"]] * len(short) + [["writeonly", "allocate"]]
    dtypes: Any = [None] * len(short) + [np.dtype(bool)]
    chosen = np.nditer([*short, None], ["zerosize_ok"], flags, dtypes, order="K").operands[-1]
    return sorted(range(chosen.ndim), key=lambda axis: -chosen.strides[axis])


def run(ufunc: np.ufunc, dtype: np.dtype, inputs: list, ys: list, where: Any) -> None:
    """Run the kernel that fits the arrays' layout."""
    elements, elements_where, packets = kernels(ufunc, dtype)
    bits = bits_of(dtype)
    if where is not None:
        elements_where(*(x.view(bits) for x in inputs), where, *(y.view(bits) for y in ys))
    elif in_packets([*inputs, *ys]):
        run_packets(packets, bits, [*inputs, *ys])
    else:
        elements(*(x.view(bits) for x in [*inputs, *ys]))


def run_packets(kernel: Callable, bits: np.dtype, arrays: list) -> None:
    """Run the kernel of arrays that `in_packets` accepts, on their elements in memory's order."""
    x = arrays[0]
    kernel(*(cupy.ndarray(x.size, bits, a.data) for a in arrays), size=-(-x.nbytes // PACKET))


def is_overwritten(x: Any, y: Any) -> bool:
    """Tell whether writing y could change elements of x that are still to be read."""
    alike = x.data.ptr == y.data.ptr and x.shape == y.shape and x.strides == y.strides
    return not alike and cupy.may_share_memory(x, y)


def in_packets(arrays: list) -> bool:
    """Tell whether all lie in memory alike, without gaps, and begin at packets."""
    shape, in_c, in_f = arrays[0].shape, True, True
    for x in arrays:
        flags = x.flags
        in_c, in_f = in_c and flags.c_contiguous, in_f and flags.f_contiguous
        if x.shape != shape or x.data.ptr % PACKET or not (in_c or in_f):
            return False
    return True


def wrapped(ufunc: np.ufunc) -> Callable:
    """Return `call` of one ufunc under its name."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return call(ufunc, *args, **kwargs)

    function.__name__ = function.__qualname__ = ufunc.__name__
    function.__doc__ = (
        f"`gelu_simd.{ufunc.__name__}` of CuPy arrays: the same arguments, the same bits."
    )
    return function


_public = of_tier(FAST)
__all__ = list(_public)
globals().update({name: wrapped(ufunc) for name, ufunc in _public.items()})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., Any]: ...
