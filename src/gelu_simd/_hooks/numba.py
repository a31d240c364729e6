"""Numba: the functions in nopython code, on arrays and numbers, with the bits of the ufuncs.

Numba calls `attach` itself, by an entry point.  Compiled code calls the loops of
csrc/named_loops.c: it is the same machine code that the ufuncs run.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils, errors
from numba.core.registry import cpu_target
from numba.core.typing.templates import infer_global
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array
from numba.np.numpy_support import as_dtype, from_dtype

from gelu_simd._types import TYPES
from gelu_simd._ufuncs import LOOPS, records

_PREFIX = "gelu_simd_loop_"


def attach() -> None:
    """Give Numba an implementation of each ufunc."""
    for name, address in LOOPS.items():
        binding.add_symbol(_PREFIX + name, address)
    context = cpu_target.typing_context
    for ufunc in records:
        stub = _stub(ufunc.__name__)
        overload(stub)(_implementation(ufunc))
        context.refresh()
        # As the stub: Numba would call a ufunc for one element of an array at a time.
        infer_global(ufunc, context.resolve_value_type(stub))


def _stub(name: str) -> Callable:
    def stub(*args): ...

    stub.__name__ = stub.__qualname__ = name
    return stub


# ---------------------------------------------------------------------------------------------
# Types


def _compute_type(ufunc: np.ufunc, inputs: Sequence[types.Type]) -> types.Type:
    """Return the type that the ufunc computes in; beside arrays, numbers are Python's."""
    elements = [x.dtype if isinstance(x, types.Array) else x for x in inputs]
    for element in elements:
        if not isinstance(element, types.Integer | types.Boolean | types.Float):
            raise errors.NumbaTypeError(f"{ufunc.__name__} does not take {element} in Numba")
    if any(isinstance(x, types.Array) for x in inputs):
        weak = {types.int64: int, types.float64: float}
        keys = [
            as_dtype(element) if isinstance(x, types.Array) else weak.get(x) or as_dtype(x)
            for x, element in zip(inputs, elements, strict=True)
        ]
    else:
        keys = [as_dtype(element) for element in elements]
    try:
        dtype = ufunc.resolve_dtypes((*keys, *[None] * ufunc.nout))[-1]
    except TypeError as error:
        raise errors.NumbaTypeError(str(error)) from None
    if _symbol(ufunc, dtype) not in LOOPS:
        raise errors.NumbaTypeError(f"{ufunc.__name__} has no {dtype} in Numba")
    return from_dtype(dtype)


def _is_array(x: types.Type) -> bool:
    """Tell whether an operand is an array; one without dimensions counts as a number."""
    return isinstance(x, types.Array) and x.ndim > 0


def _symbol(ufunc: np.ufunc, dtype: np.dtype) -> str:
    return f"{records[ufunc].name}_{TYPES[dtype.name].suffix}"


# ---------------------------------------------------------------------------------------------
# Calls of the loops


def _call_loop(builder: Any, name: str, operands: Sequence[Any], n: Any, size: int) -> None:
    """Build the call of a loop on contiguous operands."""
    pointer, word = cgutils.voidptr_t, cgutils.intp_t
    pointers, strides = (
        cgutils.alloca_once(builder, ir.ArrayType(kind, len(operands))) for kind in (pointer, word)
    )
    length = cgutils.alloca_once_value(builder, n)
    for k, operand in enumerate(operands):
        place = cgutils.gep_inbounds(builder, pointers, 0, k)
        builder.store(builder.bitcast(operand, pointer), place)
        builder.store(word(size), cgutils.gep_inbounds(builder, strides, 0, k))
    arguments = [
        cgutils.gep_inbounds(builder, pointers, 0, 0),
        length,
        cgutils.gep_inbounds(builder, strides, 0, 0),
    ]
    signature = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
    loop = cgutils.get_or_insert_function(builder.module, signature, _PREFIX + name)
    builder.call(loop, arguments)


def _on_arrays(name: str, element: types.Type) -> Callable:
    """Return a function of a tuple of arrays of one length: the inputs, then the outputs."""

    @intrinsic
    def run(_: Any, arrays: types.BaseTuple) -> tuple:
        def build(context: Any, builder: Any, signature: Any, args: Sequence[Any]) -> Any:
            values = cgutils.unpack_tuple(builder, args[0], len(arrays))
            views = [
                make_array(kind)(context, builder, value)
                for kind, value in zip(arrays, values, strict=True)
            ]
            size = context.get_abi_sizeof(context.get_data_type(element))
            _call_loop(builder, name, [view.data for view in views], views[-1].nitems, size)
            return context.get_dummy_value()

        return types.void(arrays), build

    return run


def _on_numbers(name: str, element: types.Type, nout: int) -> Callable:
    """Return a function of a tuple of numbers."""
    result = element if nout == 1 else types.UniTuple(element, nout)

    @intrinsic
    def run(_: Any, numbers: types.BaseTuple) -> tuple:
        def build(context: Any, builder: Any, signature: Any, args: Sequence[Any]) -> Any:
            values = cgutils.unpack_tuple(builder, args[0], len(numbers))
            inputs = [cgutils.alloca_once_value(builder, value) for value in values]
            outputs = [cgutils.alloca_once(builder, values[0].type) for _ in range(nout)]
            size = context.get_abi_sizeof(values[0].type)
            _call_loop(builder, name, inputs + outputs, cgutils.intp_t(1), size)
            loaded = [builder.load(output) for output in outputs]
            return loaded[0] if nout == 1 else cgutils.pack_array(builder, loaded)

        return result(numbers), build

    return run


# ---------------------------------------------------------------------------------------------
# Functions that compiled code calls


def _implementation(ufunc: np.ufunc) -> Callable:
    """Return the function that chooses an implementation by the types of the arguments."""
    nin, nout = ufunc.nin, ufunc.nout

    def choose(*args):
        has_out = nout == 1 and len(args) == nin + 1
        if len(args) != nin + has_out:
            return None
        element = _compute_type(ufunc, args[:nin])
        dtype, name = as_dtype(element).type, _symbol(ufunc, as_dtype(element))
        if not any(map(_is_array, args)):
            on_numbers = _on_numbers(name, element, nout)
            return lambda *args: on_numbers(_numbers(args, dtype))
        on_arrays = _on_arrays(name, element)

        def compute(*args):
            shape = _shape(args)
            y = np.empty(shape, dtype)
            on_arrays((*_arrays(args, shape, dtype), y))
            return y

        def compute_two(*args):
            shape = _shape(args)
            y, z = np.empty(shape, dtype), np.empty(shape, dtype)
            on_arrays((*_arrays(args, shape, dtype), y, z))
            return y, z

        def compute_into(*args):
            inputs = args[:nin]
            shape = _shape(inputs)
            y = np.empty(shape, dtype)
            on_arrays((*_arrays(inputs, shape, dtype), y))
            args[nin][...] = y
            return args[nin]

        return compute_into if has_out else compute if nout == 1 else compute_two

    return choose


def _numbers(xs, dtype): ...


@overload(_numbers)
def _choose_numbers(xs, dtype):
    """Convert numbers."""
    return {
        1: lambda xs, dtype: (dtype(_number(xs[0])),),
        2: lambda xs, dtype: (dtype(_number(xs[0])), dtype(_number(xs[1]))),
        3: lambda xs, dtype: (
            dtype(_number(xs[0])), dtype(_number(xs[1])), dtype(_number(xs[2]))
        ),
    }[len(xs)]  # fmt: skip


def _number(x): ...


@overload(_number)
def _choose_number(x):
    return (lambda x: x[()]) if isinstance(x, types.Array) else (lambda x: x)


def _shape(xs): ...


@overload(_shape)
def _choose_shape(xs):
    """Return the shape that operands are broadcast to."""
    return {
        1: lambda xs: _shape_of(xs[0]),
        2: lambda xs: np.broadcast_shapes(_shape_of(xs[0]), _shape_of(xs[1])),
        3: lambda xs: np.broadcast_shapes(_shape_of(xs[0]), _shape_of(xs[1]), _shape_of(xs[2])),
    }[len(xs)]


def _shape_of(x): ...


@overload(_shape_of)
def _choose_shape_of(x):
    return (lambda x: x.shape) if _is_array(x) else (lambda x: ())


def _arrays(xs, shape, dtype): ...


@overload(_arrays)
def _choose_arrays(xs, shape, dtype):
    """Broadcast and convert operands to contiguous arrays."""
    return {
        1: lambda xs, shape, dtype: (_array(xs[0], shape, dtype),),
        2: lambda xs, shape, dtype: (_array(xs[0], shape, dtype), _array(xs[1], shape, dtype)),
        3: lambda xs, shape, dtype: (
            _array(xs[0], shape, dtype), _array(xs[1], shape, dtype), _array(xs[2], shape, dtype)
        ),
    }[len(xs)]  # fmt: skip


def _array(x, shape, dtype): ...


@overload(_array)
def _choose_array(x, shape, dtype):
    """Return an operand as a contiguous array; itself if it is one."""
    if not _is_array(x):
        return lambda x, shape, dtype: np.full(shape, _number(x), dtype)
    if x.layout != "C" or not x.mutable or not x.aligned or x.dtype != dtype.dtype:
        return lambda x, shape, dtype: np.broadcast_to(x, shape).astype(dtype).copy()
    if x.ndim != len(shape):
        return lambda x, shape, dtype: np.broadcast_to(x, shape).copy()

    def array(x, shape, dtype):
        return x if x.shape == shape else np.broadcast_to(x, shape).copy()

    return array
