"""The tests of gelu_simd.jax; test_jax.py runs them in a process of their own."""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import every_kind, every_level, output, same_bits

import gelu_simd
from gelu_simd import jax as ours

UFUNCS = {False: gelu_simd.gelu, True: gelu_simd.gelu_tanh}
each_form = pytest.mark.parametrize("approximate", UFUNCS)


def theirs(x: Any, approximate: bool) -> Any:
    return jax.nn.gelu(x, approximate=approximate)


def sample(*shape: int) -> Any:
    return jnp.asarray(np.random.default_rng(5).normal(0, 3, shape))


def close(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


# ---- values ----


@every_level
@each_form
def test_bits_are_those_of_the_ufunc(approximate: bool, dtype: np.dtype) -> None:
    """Of numbers of every kind, though XLA's threads flush subnormal numbers to zero."""
    ufunc = UFUNCS[approximate]
    x = every_kind(ufunc, dtype)[:1_000_000]
    with np.errstate(all="ignore"):
        expected = ufunc(x)
    assert same_bits(np.asarray(ours.gelu(jnp.asarray(x), approximate=approximate)), expected)


@each_form
def test_values_are_those_of_jax(approximate: bool) -> None:
    x = sample(50)
    close(ours.gelu(x, approximate), theirs(x, approximate))
    close(ours.gelu(x), jax.nn.gelu(x))


@each_form
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3, 4)])
def test_shapes(approximate: bool, shape: tuple[int, ...]) -> None:
    x = sample(*shape)
    y = ours.gelu(x, approximate)
    assert y.shape == shape
    assert same_bits(np.asarray(y), np.asarray(UFUNCS[approximate](np.asarray(x))))


@pytest.mark.parametrize(
    "x",
    [2, True, 1.5, np.ones(2, "f4"), *(np.ones(2, code) for code in "?bBhHiIqQ")],
    ids=repr,
)
def test_what_becomes_an_array(x: Any) -> None:
    """As jax.nn.gelu has it."""
    y, expected = ours.gelu(x), jax.nn.gelu(x)
    assert (y.dtype, y.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(y, expected, rtol=1e-6)


def test_of_many_arrays_at_once() -> None:
    """XLA calls from several of its threads."""
    xs = [sample(10_000) + i for i in range(20)]
    ys = jax.jit(lambda xs: [ours.gelu(x) for x in xs])(xs)
    for x, y in zip(xs, ys, strict=True):
        assert same_bits(np.asarray(y), gelu_simd.gelu_tanh(np.asarray(x)))


def test_large_array() -> None:
    """More than a callback of JAX's own takes without a copy."""
    x = sample(3_000_000)
    assert same_bits(np.asarray(ours.gelu(x)), gelu_simd.gelu_tanh(np.asarray(x)))


# ---- transforms ----


@each_form
def test_transforms(approximate: bool) -> None:
    x, matrix = sample(4), sample(3, 4)

    def results(f: Callable[[Any], Any]) -> Iterator[Any]:
        def total(t: Any) -> Any:
            return f(t).sum()

        yield jax.jit(lambda t: f(2 * t) + 1)(x)
        yield jax.grad(total)(x)
        yield jax.jit(jax.grad(total))(x)
        yield jax.vmap(f)(matrix)
        yield jax.vmap(f, in_axes=1, out_axes=1)(matrix)
        yield jax.vmap(jax.grad(total))(matrix)
        yield jax.jacrev(f)(x)
        yield jax.jacfwd(f)(x)
        yield jax.jvp(f, (x,), (jnp.cos(x),))[1]
        yield jax.checkpoint(f)(x)
        yield jax.lax.scan(lambda carry, row: (carry, f(row)), 0, matrix)[1]

    for a, b in zip(
        results(functools.partial(ours.gelu, approximate=approximate)),
        results(functools.partial(theirs, approximate=approximate)),
        strict=True,
    ):
        close(a, b)


@each_form
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_gradient_in_other_types(approximate: bool, dtype: str) -> None:
    """It is dy times the derivative, each rounded."""
    x = sample(50).astype(dtype)
    dy = jnp.cos(x)
    _, pull = jax.vjp(functools.partial(ours.gelu, approximate=approximate), x)
    derivative = gelu_simd.gelu_tanh_grad if approximate else gelu_simd.gelu_grad
    [dx] = pull(dy)
    assert dx.dtype == x.dtype
    assert same_bits(np.asarray(dx), np.asarray(dy * jnp.asarray(derivative(np.asarray(x)))))


@each_form
def test_second_derivative(approximate: bool) -> None:
    f, g = (functools.partial(gelu, approximate=approximate) for gelu in (ours.gelu, theirs))
    close(jax.hessian(f)(0.7), jax.hessian(g)(0.7))
    with pytest.raises(NotImplementedError, match=r"gelu_(tanh_)?grad2 has no derivative in x"):
        jax.grad(jax.grad(jax.grad(f)))(0.7)


@each_form
def test_layer_that_learns(approximate: bool) -> None:
    """Ten steps of gradient descent with ours and with theirs end at the same weights."""
    x, target = sample(40, 5), jnp.sin(sample(40, 3))

    def trained(f: Callable[[Any], Any]) -> tuple[Any, Any]:
        def loss(weights: tuple[Any, Any]) -> Any:
            return jnp.square(f(x @ weights[0], approximate) @ weights[1] - target).mean()

        weights = 0.1 * sample(5, 16), 0.1 * sample(16, 3)
        step = jax.jit(jax.value_and_grad(loss))
        first = loss(weights)
        for _ in range(10):
            value, gradient = step(weights)
            weights = jax.tree.map(lambda w, g: w - 0.1 * g, weights, gradient)
        assert value < first
        return weights

    for a, b in zip(trained(ours.gelu), trained(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


# ---- XLA's interface ----


# The name of the structure of extensions has changed, not the structure.
EXTENSION = next(
    name
    for name in ("XLA_FFI_Extension_Base", "XLA_FFI_InternalExtension")
    if f"struct {name} {{" in ours.HEADER.read_text(encoding="utf-8")
)
STRUCTURES = {
    EXTENSION: ours.Extension,
    "XLA_FFI_Api_Version": ours.Version,
    "XLA_FFI_Metadata": ours.Metadata,
    "XLA_FFI_Metadata_Extension": ours.MetadataExtension,
    "XLA_FFI_Buffer": ours.Buffer,
    "XLA_FFI_Args": ours.Buffers,
    "XLA_FFI_Rets": ours.Buffers,
    "XLA_FFI_Error_Create_Args": ours.ErrorArguments,
    "XLA_FFI_Api": ours.Api,
    "XLA_FFI_CallFrame": ours.CallFrame,
}
OTHER_NAMES = {
    ("XLA_FFI_Args", "buffers"): "args",
    ("XLA_FFI_Rets", "buffers"): "rets",
}


def test_structures_are_those_of_the_header(tmp_path: Path) -> None:
    """Each field is where jaxlib's header has it; the numbers are the header's."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    fields = [
        (structure, OTHER_NAMES.get((structure, field), field), getattr(type_, field).offset)
        for structure, type_ in STRUCTURES.items()
        for field, *_ in type_._fields_
    ]
    checks = [f"offsetof(struct {name}, {field}) == {offset}" for name, field, offset in fields]
    checks += [
        f"XLA_FFI_Extension_Metadata == {ours.METADATA}",
        f"XLA_FFI_Error_Code_INTERNAL == {ours.INTERNAL}",
        f"XLA_FFI_API_MAJOR == {ours.MAJOR}",
        f"XLA_FFI_API_MINOR == {ours.VERSION[1]}",
        f"sizeof(XLA_FFI_Error_Create_Args) == {ctypes.sizeof(ours.ErrorArguments)}",
    ]
    numbers = {"float16": "F16", "float32": "F32", "float64": "F64", "bfloat16": "BF16"}
    for number, dtype in ours.DTYPES.items():
        checks.append(f"XLA_FFI_DataType_{numbers[dtype.name]} == {number}")
    lines = [f'_Static_assert({check}, "{check}");' for check in checks]
    source = tmp_path / "layout.c"
    source.write_text('#include "xla/ffi/api/c_api.h"\n' + "\n".join(lines) + "\n")
    command = [compiler, "-fsyntax-only", "-I", jax.ffi.include_dir(), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["#define XLA_FFI_API_MAJOR 1\n#define XLA_FFI_API_MINOR 2\n", ""])
def test_other_versions_of_the_interface_are_refused(text: str) -> None:
    with pytest.raises(ImportError, match=r"interface has the version (1\.2|-1\.-1); known is 0"):
        ours.version(text)


def test_error_in_a_call_reaches_the_caller() -> None:
    """Here of a type that the ufunc has no loop for, which only this test can ask for."""
    call = jax.ffi.ffi_call("gelu_simd_gelu", jax.ShapeDtypeStruct((3,), jnp.int32))
    with pytest.raises(jax.errors.JaxRuntimeError, match=r"gelu_simd.jax: KeyError: 4"):
        call(jnp.arange(3, dtype=jnp.int32)).block_until_ready()


def test_exit_with_calls_under_way() -> None:
    """The process ends, and well."""
    output("""
import jax.numpy as jnp
import gelu_simd.jax
for _ in range(50):
    gelu_simd.jax.gelu(jnp.ones(300_000))
""")


# ---- what is refused ----


@pytest.mark.parametrize("approximate", ["none", "tanh", None, 2])
def test_other_approximations(approximate: object) -> None:
    with pytest.raises(ValueError, match=f"must be True or False, not {approximate!r}"):
        ours.gelu(jnp.ones(3), approximate)
    for known in (0, np.False_):
        assert (ours.gelu(jnp.ones(3), known) == ours.gelu(jnp.ones(3), False)).all()


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "float8_e5m2"])
def test_other_types(dtype: str) -> None:
    if dtype in [known.name for known in ours.DTYPES.values()]:
        pytest.skip(f"{dtype} has loops")
    with pytest.raises(TypeError, match=f"gelu does not take {dtype}; it takes float16, float32"):
        ours.gelu(jnp.ones(3).astype(dtype))
