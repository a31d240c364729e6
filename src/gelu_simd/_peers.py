"""What gelu_simd is measured against: other ways to compute GELU, what one could choose instead.

`PEERS` is the registry.  A peer is imported when it is loaded; it then tells, for a function and
the arrays to work on, in which ways it can be called.  All use the same memory where they can.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import math
import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import gelu_simd
from gelu_simd._inputs import Array
from gelu_simd._verify import using


class Arrays(NamedTuple):
    """The operands of a function and room for its result."""

    dy: Array
    x: Array
    out: Array

    def inputs(self, function: str) -> tuple[Array, ...]:
        """Return the operands of `function`."""
        return (self.dy, self.x) if function.endswith("backward") else (self.x,)


class Way(NamedTuple):
    """One way to call: `run` computes; `read` makes an array of what it returned."""

    run: Callable[[], object]
    read: Callable[[Any], Array] = np.asarray
    context: Callable[[], AbstractContextManager] = nullcontext


Ways = Callable[[str, Arrays], dict[str, Way]]  # none where the peer lacks the function or type


class Peer(NamedTuple):
    """A row of the registry."""

    name: str  # on the command line
    title: str
    kind: str  # "peer" computes the function, "other" is another one, "limit" bounds the speed
    modules: tuple[str, ...]  # the first has the version
    load: Callable[[int | None], Ways]  # for a number of threads, None for the peer's own


class Entry(NamedTuple):
    """What is measured: this package on one level, or a peer that is installed."""

    name: str
    title: str
    kind: str  # as in Peer, or "ours"
    version: str
    ways: Ways


# ---------------------------------------------------------------------------------------------
# As NumPy users write it


def formula(value: str, grad: str) -> Callable[[int | None], Ways]:
    """Return the loader of a formula and its derivative, by their names in `_formulas`.

    Names of the tanh form say so; those that do not begin with gelu stand beside both forms.
    """

    def load(_: int | None) -> Ways:
        from gelu_simd import _formulas  # noqa: PLC0415 - imports SciPy

        calls = {
            "": getattr(_formulas, value),
            "grad": (slope := getattr(_formulas, grad)),
            "backward": lambda dy, x: dy * slope(x),
        }

        def ways(function: str, a: Arrays) -> dict[str, Way]:
            form, kind = split(function)
            if value.startswith("gelu") and ("tanh" in value) != (form == "gelu_tanh"):
                return {}
            return {"new": Way(partial(calls[kind], *a.inputs(function)))}

        return ways

    return load


def split(function: str) -> tuple[str, str]:
    """Return the form, gelu or gelu_tanh, and what of it: "", grad or backward."""
    for kind in ("grad", "backward"):
        if function.endswith(f"_{kind}"):
            return function.removesuffix(f"_{kind}"), kind
    return function, ""


def relu(_: int | None) -> Ways:
    """Return max(x, 0)."""

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        run = {
            "": partial(np.maximum, a.x, 0, a.out),
            "grad": partial(np.greater, a.x, 0, a.out),
            "backward": lambda: np.multiply(a.dy, a.x > 0, a.out),
        }[split(function)[1]]
        return {"out": Way(run)}

    return ways


def limit(call: Callable[[Array, Array], object]) -> Callable[[int | None], Ways]:
    """Return the loader of one call into a given output, whatever the function."""
    return lambda _: lambda _, a: {"out": Way(partial(call, a.x, a.out))}


# ---------------------------------------------------------------------------------------------
# Libraries


def pytorch(threads: int | None) -> Ways:
    """PyTorch's own operators."""
    import torch  # noqa: PLC0415

    if threads is not None:
        torch.set_num_threads(threads)
    ops = torch.ops.aten

    def tensor(x: Array) -> torch.Tensor:
        if x.dtype.name == "bfloat16":
            return torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)
        return torch.from_numpy(x)

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        def read(result: torch.Tensor) -> Array:
            if result.dtype == torch.bfloat16:
                return result.view(torch.int16).numpy().view(a.x.dtype)
            return result.numpy()

        dy, x, out = map(tensor, a)
        form = {"approximate": "tanh" if "tanh" in function else "none"}
        if function.endswith("grad"):
            return {}
        if function.endswith("backward"):
            new = partial(ops.gelu_backward, dy, x, **form)
            given = partial(ops.gelu_backward.grad_input, dy, x, **form, grad_input=out)
        else:
            new = partial(torch.nn.functional.gelu, x, **form)
            given = partial(ops.gelu.out, x, **form, out=out)
        without_onednn = partial(torch.backends.mkldnn.flags, enabled=False)
        return {
            "new": Way(new, read),
            "out": Way(given, read),
            "out, oneDNN off": Way(given, read, without_onednn),
        }

    return ways


def jax(threads: int | None) -> Ways:
    """JAX, compiled."""
    if threads is not None:
        os.environ["PJRT_NPROC"] = str(threads)  # which JAX reads when it starts
    import jax  # noqa: PLC0415

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", threads is None)  # another thread, if so

    @functools.cache
    def compiled(function: str) -> Callable:
        form = partial(jax.nn.gelu, approximate="tanh" in function)
        if function.endswith("backward"):
            return jax.jit(lambda dy, x: jax.vjp(form, x)[1](dy)[0])
        if function.endswith("grad"):
            return jax.jit(lambda x: jax.vjp(form, x)[1](jax.numpy.ones_like(x))[0])
        return jax.jit(form)

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        call, inputs = compiled(function), [jax.device_put(x) for x in a.inputs(function)]
        return {"jit": Way(lambda: call(*inputs).block_until_ready())}

    return ways


def tensorflow(threads: int | None) -> Ways:
    """TensorFlow: its eager calls, and compiled by XLA."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf  # noqa: PLC0415

    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)

    def eager(function: str) -> Callable:
        def form(x: tf.Tensor) -> tf.Tensor:
            return tf.nn.gelu(x, "tanh" in function)

        def backward(dy: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = form(x)
            return tape.gradient(y, x, output_gradients=dy)

        return backward if function.endswith("backward") else form

    @functools.cache
    def compiled(function: str) -> Callable:
        return tf.function(eager(function), jit_compile=True)

    def read(result: tf.Tensor) -> Array:
        return result.numpy()

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        if function.endswith("grad"):
            return {}
        inputs = [tf.constant(x) for x in a.inputs(function)]
        return {
            "jit": Way(partial(compiled(function), *inputs), read),
            "eager": Way(partial(eager(function), *inputs), read),
        }

    return ways


def onnxruntime(threads: int | None) -> Ways:
    """ONNX's node Gelu in onnxruntime, inputs and output bound."""
    import onnx  # noqa: PLC0415
    import onnxruntime as ort  # noqa: PLC0415

    not_implemented = ort.capi.onnxruntime_pybind11_state.NotImplemented
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads

    @functools.cache
    def session(function: str, dtype: np.dtype) -> ort.InferenceSession:
        x, y = (
            onnx.helper.make_tensor_value_info(
                name, onnx.helper.np_dtype_to_tensor_dtype(dtype), ["n"]
            )
            for name in "xy"
        )
        form = "tanh" if "tanh" in function else "none"
        node = onnx.helper.make_node("Gelu", ["x"], ["y"], approximate=form)
        graph = onnx.helper.make_graph([node], "gelu", [x], [y])
        opset = onnx.helper.make_opsetid("", 20)  # the first with Gelu
        model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)
        return ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        if a.x.dtype.name == "bfloat16" or function.endswith(("grad", "backward")):
            return {}
        try:
            run = session(function, a.x.dtype)
        except not_implemented:
            return {}
        binding = run.io_binding()
        binding.bind_ortvalue_input("x", ort.OrtValue.ortvalue_from_numpy(a.x))
        binding.bind_ortvalue_output("y", ort.OrtValue.ortvalue_from_numpy(a.out))
        return {"out": Way(partial(run.run_with_iobinding, binding), lambda _: a.out)}

    return ways


def numba(_: int | None) -> Ways:
    """Ufuncs made by numba.vectorize; constants of the array's type, else all is float64."""
    import numba  # noqa: PLC0415

    from gelu_simd import _formulas as f  # noqa: PLC0415 - imports SciPy

    @functools.cache
    def ufuncs(dtype: np.dtype) -> dict[str, np.ufunc]:
        number = dtype.type
        half, one, three = map(number, (0.5, 1, 3))
        sqrt_half, inv_sqrt_2pi, c, k = map(
            number, (f.SQRT_HALF, f.INV_SQRT_2PI, f.SQRT_2_OVER_PI, f.CUBIC)
        )

        def gelu(x):
            return half * x * (one + math.erf(x * sqrt_half))

        def gelu_tanh(x):
            return half * x * (one + math.tanh(c * (x + k * (x * x * x))))

        @numba.njit
        def gelu_grad(x):
            density = inv_sqrt_2pi * math.exp(-half * x * x)
            return half * (one + math.erf(x * sqrt_half)) + x * density

        @numba.njit
        def gelu_tanh_grad(x):
            t = math.tanh(c * (x + k * (x * x * x)))
            slope = c * (one + three * k * (x * x))
            return half * (one + t) + half * x * (one - t * t) * slope

        unary = numba.vectorize([f"{dtype}({dtype})"])
        binary = numba.vectorize([f"{dtype}({dtype},{dtype})"])
        return {
            "gelu": unary(gelu),
            "gelu_tanh": unary(gelu_tanh),
            "gelu_grad": unary(gelu_grad.py_func),
            "gelu_tanh_grad": unary(gelu_tanh_grad.py_func),
            "gelu_backward": binary(lambda dy, x: dy * gelu_grad(x)),
            "gelu_tanh_backward": binary(lambda dy, x: dy * gelu_tanh_grad(x)),
        }

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        if a.x.dtype.itemsize == 2:
            return {}
        return {"out": Way(partial(ufuncs(a.x.dtype)[function], *a.inputs(function), a.out))}

    return ways


def numexpr(threads: int | None) -> Ways:
    """Expressions of numexpr, which has no erf; constants of the array's type."""
    import numexpr  # noqa: PLC0415

    from gelu_simd import _formulas as f  # noqa: PLC0415 - imports SciPy

    if threads is not None:
        numexpr.set_num_threads(threads)
    t = "tanh(c * (x + k * (x * x * x)))"
    grad = f"(half * (one + {t}) + half * x * (one - {t} * {t}) * (c * (one + three * k * x * x)))"
    expressions = {
        "gelu_tanh": f"half * x * (one + {t})",
        "gelu_tanh_grad": grad,
        "gelu_tanh_backward": f"dy * {grad}",
    }
    constants = {"half": 0.5, "one": 1, "three": 3, "c": f.SQRT_2_OVER_PI, "k": f.CUBIC}

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        if function not in expressions or a.x.dtype.itemsize == 2:
            return {}
        names = {name: a.x.dtype.type(value) for name, value in constants.items()}
        names |= {"x": a.x, "dy": a.dy}
        return {"out": Way(partial(numexpr.evaluate, expressions[function], names, out=a.out))}

    return ways


def thinc(_: int | None) -> Ways:
    """Thinc's NumPy backend."""
    from thinc.api import NumpyOps  # noqa: PLC0415

    ops = NumpyOps()
    calls = {
        "gelu": ops.gelu,
        "gelu_tanh": ops.gelu_approx,
        "gelu_backward": ops.backprop_gelu,
        "gelu_tanh_backward": ops.backprop_gelu_approx,
    }

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        if function not in calls or a.x.dtype.itemsize == 2:
            return {}
        return {"new": Way(partial(calls[function], *a.inputs(function)))}

    return ways


# ---------------------------------------------------------------------------------------------
# The registry

PEERS = {
    peer.name: peer
    for peer in (
        Peer("torch", "PyTorch", "peer", ("torch",), pytorch),
        Peer("onnxruntime", "onnxruntime", "peer", ("onnxruntime", "onnx"), onnxruntime),
        Peer("jax", "JAX", "peer", ("jax",), jax),
        Peer("tensorflow", "TensorFlow", "peer", ("tensorflow",), tensorflow),
        Peer("numba", "numba", "peer", ("numba",), numba),
        Peer("numexpr", "numexpr", "peer", ("numexpr",), numexpr),
        Peer("thinc", "Thinc", "peer", ("thinc",), thinc),
        Peer("scipy-erf", "SciPy erf", "peer", ("scipy",), formula("gelu_erf", "gelu_grad_erf")),
        Peer("scipy-ndtr", "SciPy ndtr", "peer", ("scipy",),
             formula("gelu_ndtr", "gelu_grad_ndtr")),
        Peer("numpy-mul", "NumPy x*x*x", "peer", ("numpy",),
             formula("gelu_tanh_mul", "gelu_tanh_grad_mul")),
        Peer("numpy-pow", "NumPy x**3", "peer", ("numpy",),
             formula("gelu_tanh_pow", "gelu_tanh_grad_pow")),
        Peer("relu", "NumPy ReLU", "other", ("numpy",), relu),
        Peer("silu", "NumPy SiLU", "other", ("numpy",), formula("silu", "silu_grad")),
        Peer("elu", "NumPy ELU", "other", ("numpy",), formula("elu", "elu_grad")),
        Peer("exp", "np.exp", "limit", ("numpy",), limit(np.exp)),
        Peer("copy", "np.copyto", "limit", ("numpy",), limit(lambda x, out: np.copyto(out, x))),
    )
}  # fmt: skip


def levels() -> list[Entry]:
    """Return this package on every level that the CPU has, the best first."""

    def entry(level: str) -> Entry:
        def ways(function: str, a: Arrays) -> dict[str, Way]:
            run = partial(getattr(gelu_simd, function), *a.inputs(function), a.out)
            return {"out": Way(run, context=partial(using, level))}

        return Entry(level, f"gelu_simd {level}", "ours", gelu_simd.__version__, ways)

    return [entry(level) for level in gelu_simd.cpu_info()["available"]]


def load(names: Iterable[str], threads: int | None) -> tuple[list[Entry], dict[str, str]]:
    """Import the peers of these names; also return those that cannot be, and why."""
    entries, absent = [], {}
    for peer in (PEERS[name] for name in names):
        if missing := [name for name in peer.modules if importlib.util.find_spec(name) is None]:
            what = "" if missing == [peer.name] else f"{' and '.join(missing)} "
            absent[peer.name] = f"{what}not installed"
            continue
        try:
            ways = peer.load(threads)
            version = importlib.import_module(peer.modules[0]).__version__
        except Exception as exc:
            absent[peer.name] = f"cannot be imported: {' '.join(str(exc).split())}"
            continue
        entries.append(Entry(peer.name, peer.title, peer.kind, version.partition("+")[0], ways))
    return entries, absent
