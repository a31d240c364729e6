"""The functions in JAX, on the CPU.

>>> import jax.numpy as jnp  # doctest: +SKIP
>>> import gelu_simd.jax
>>> gelu_simd.jax.gelu(jnp.linspace(-3, 3, 7))  # doctest: +SKIP

`gelu` takes the place of `jax.nn.gelu`, in `jax.jit`, `jax.grad`, `jax.vmap` and all else that
transforms functions.  XLA calls the ufuncs by its foreign function interface, on its own memory:
nothing is copied, nothing is compiled for it, and a call costs a few microseconds.

Errors, special values and bits are those of the ufuncs, documented there.  Threads are those of
`gelu_simd.set_num_threads`.  On another device than the CPU, XLA says that it knows no such call.
"""

import ctypes
import functools
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gelu_simd import _ufuncs
from gelu_simd._functions import FAST, FUNCTIONS, Kind

__all__ = ["gelu"]

# ---- XLA's interface: its structures, as jaxlib's header xla/ffi/api/c_api.h has them ----

METADATA = 1  # the extension by which XLA asks for the version
INTERNAL = 13  # the code of an error that is no fault of the caller's
MAJOR = 0  # the version of the interface; minor ones append to the structures


def version(header: str) -> tuple[int, int]:
    """Return the version of the interface that a header is of, or raise ImportError."""
    numbers = [
        re.search(rf"^#define XLA_FFI_API_{which} (\d+)$", header, re.MULTILINE)
        for which in ("MAJOR", "MINOR")
    ]
    major, minor = (-1 if number is None else int(number[1]) for number in numbers)
    if major != MAJOR:
        raise ImportError(
            f"gelu_simd.jax: XLA's foreign function interface has the version {major}.{minor}; "
            f"known is {MAJOR}"
        )
    return major, minor


HEADER = Path(jax.ffi.include_dir()) / "xla" / "ffi" / "api" / "c_api.h"
VERSION = version(HEADER.read_text(encoding="utf-8"))


class Extension(ctypes.Structure):
    """The head of a list of what XLA asks for beside the call."""


Extension._fields_ = [
    ("struct_size", ctypes.c_size_t),
    ("type", ctypes.c_int),
    ("next", ctypes.POINTER(Extension)),
]


class Version(ctypes.Structure):
    """The version of the interface."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.c_void_p),
        ("major_version", ctypes.c_int),
        ("minor_version", ctypes.c_int),
    ]


class Metadata(ctypes.Structure):
    """What a handler says of itself."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("api_version", Version),
        ("traits", ctypes.c_uint32),
    ]


class MetadataExtension(ctypes.Structure):
    """XLA's request for them."""

    _fields_ = [("extension_base", Extension), ("metadata", ctypes.POINTER(Metadata))]


class Buffer(ctypes.Structure):
    """An array: its elements in C's order."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.c_void_p),
        ("dtype", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("rank", ctypes.c_int64),
        ("dims", ctypes.POINTER(ctypes.c_int64)),
    ]


class Buffers(ctypes.Structure):
    """The inputs, or the outputs."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.c_void_p),
        ("size", ctypes.c_int64),
        ("types", ctypes.c_void_p),
        ("buffers", ctypes.POINTER(ctypes.POINTER(Buffer))),
    ]


class ErrorArguments(ctypes.Structure):
    """The arguments of the function that makes an error."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.c_void_p),
        ("message", ctypes.c_char_p),
        ("errc", ctypes.c_int),
    ]


ErrorFunction = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(ErrorArguments))


class Api(ctypes.Structure):
    """The functions that XLA offers: the first of them."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.c_void_p),
        ("api_version", Version),
        ("internal_api", ctypes.c_void_p),
        ("XLA_FFI_Error_Create", ErrorFunction),
    ]


class CallFrame(ctypes.Structure):
    """A call."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("extension_start", ctypes.POINTER(Extension)),
        ("api", ctypes.POINTER(Api)),
        ("ctx", ctypes.c_void_p),
        ("stage", ctypes.c_int),
        ("args", Buffers),
        ("rets", Buffers),
    ]


Handler = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(CallFrame))

memory = ctypes.pythonapi.PyMemoryView_FromMemory
memory.argtypes = [ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int]
memory.restype = ctypes.py_object
WRITABLE = 0x200  # PyBUF_WRITE

# XLA's numbers of the types.
DTYPES = {
    number: dtype
    for number, name in ((10, "float16"), (11, "float32"), (12, "float64"), (16, "bfloat16"))
    for dtype in _ufuncs.dtypes
    if dtype.name == name
}

# ---- the calls ----


def array(pointer: Any) -> np.ndarray:
    """Return XLA's array, flat."""
    buffer = pointer.contents
    dtype = DTYPES[buffer.dtype]
    n = math.prod(buffer.dims[: buffer.rank])
    if n == 0:
        return np.empty(0, dtype)
    return np.frombuffer(memory(buffer.data, n * dtype.itemsize, WRITABLE), dtype)


def describe(frame: Any) -> bool:
    """Answer XLA's request for the version, if the call is one."""
    extension = frame.extension_start
    while extension:
        if extension.contents.type == METADATA:
            request = ctypes.cast(extension, ctypes.POINTER(MetadataExtension)).contents
            answer = request.metadata.contents.api_version
            answer.major_version, answer.minor_version = VERSION
            return True
        extension = extension.contents.next
    return False


def handler(ufunc: np.ufunc) -> Any:
    """Return a C function by which XLA calls a ufunc."""

    def handle(pointer: Any) -> int | None:
        frame = pointer.contents
        try:
            if not describe(frame):
                inputs = [array(frame.args.buffers[i]) for i in range(frame.args.size)]
                with np.errstate(all="ignore"):
                    ufunc(*inputs, out=array(frame.rets.buffers[0]))
        except BaseException as error:  # XLA raises it where the result is used
            text = f"gelu_simd.jax: {type(error).__name__}: {error}".encode()
            size = ctypes.sizeof(ErrorArguments)
            arguments = ErrorArguments(size, None, text, INTERNAL)
            result: int = frame.api.contents.XLA_FFI_Error_Create(ctypes.byref(arguments))
            return result
        return None

    return Handler(handle)


def target(name: str) -> str:
    """Return the name by which XLA knows a function."""
    return f"gelu_simd_{name}"


# The functions of one form, and gradients: fused ones have no use where a graph fuses operators.
OPERATORS = {
    name: row
    for name, row in FUNCTIONS.items()
    if row.tier is FAST and (row.composition is None or row.kind is Kind.GRADIENT)
}

HANDLERS = {name: handler(_ufuncs.ufuncs[name]) for name in OPERATORS}  # XLA keeps pointers to them

for _name, _handler in HANDLERS.items():
    jax.ffi.register_ffi_target(target(_name), jax.ffi.pycapsule(_handler), platform="cpu")


@functools.cache
def operator(name: str) -> Callable[[Any], Any]:
    """Return a function of x with its derivatives, as JAX transforms it."""
    row = OPERATORS[name]

    @jax.custom_jvp
    def f(x: Any) -> Any:
        result = jax.ShapeDtypeStruct(x.shape, x.dtype)
        return jax.ffi.ffi_call(target(name), result, vmap_method="broadcast_all")(x)

    @f.defjvp
    def jvp(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
        [x], [dx] = primals, tangents
        for other in OPERATORS.values():
            is_next = other.form == row.form and other.order == row.order + 1
            if is_next and other.composition is None:
                return f(x), operator(other.name)(x) * dx
        raise NotImplementedError(f"gelu_simd.jax: {name} has no derivative in x")

    return f


@functools.partial(jax.jit, static_argnames="approximate")
def gelu(x: Any, approximate: bool = True) -> Any:
    """GELU of an array, in the place of `jax.nn.gelu`.

    Parameters
    ----------
    x : array_like
        Of any shape: float64, float32, float16 or bfloat16.  Integers and bool become what
        JAX makes floats of them.
    approximate : bool
        The tanh approximation, as JAX has it by default, or the exact form.

    Returns
    -------
    jax.Array
        A new array of the same shape and type.

    Raises
    ------
    TypeError
        If `x` is of another type.
    ValueError
        If `approximate` is no truth value: words, such as PyTorch's "none", would all be true.
    """
    if approximate not in (True, False):
        raise ValueError(f"approximate must be True or False, not {approximate!r}")
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.integer) or x.dtype == bool:
        x = x.astype(jax.eval_shape(jnp.exp, x).dtype)
    if x.dtype not in DTYPES.values():
        accepted = ", ".join(dtype.name for dtype in DTYPES.values())
        raise TypeError(f"gelu_simd.jax: gelu does not take {x.dtype.name}; it takes {accepted}")
    return operator("gelu_tanh" if approximate else "gelu")(x)
