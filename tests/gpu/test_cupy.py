"""CuPy arrays: the CPU's bits, a ufunc's arguments, and errors that say what to do.

Every test runs on the host, with a stand-in for CuPy, and with `-m gpu` on a GPU.
"""

from __future__ import annotations

import enum
import json
import sys
from collections.abc import Iterator
from functools import partial
from types import ModuleType

import host_cupy
import numpy as np
import pytest
from helpers import (
    ALL_UFUNCS,
    TYPES,
    UFUNCS,
    dtype_of,
    every_kind,
    invalid_product,
    name_of,
    needs_bench,
    needs_fused,
    on_fused_level,
    operands,
    output,
    program,
    results,
    same_bits,
)

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check.bits import bits, bits_type, quiet
from gelu_simd._check.inputs import patterns
from gelu_simd._functions import FUNCTIONS


def real_cupy() -> ModuleType:
    cupy = pytest.importorskip("cupy", reason="needs cupy", exc_type=ImportError)
    try:
        cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        pytest.skip(f"needs a GPU: {error}")
    return cupy


@pytest.fixture(scope="module", params=["host", pytest.param("gpu", marks=pytest.mark.gpu)])
def cp(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """Give CuPy, or its stand-in, and a `gelu_simd.cupy` that uses it."""
    if request.param == "gpu":
        yield real_cupy()
        return
    if (missing := host_cupy.missing()) is not None:
        pytest.skip(f"needs {missing}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cupy", host_cupy.module())
        patch.delitem(sys.modules, "gelu_simd.cupy", raising=False)
        patch.delattr(gelu_simd, "cupy", raising=False)
        yield sys.modules["cupy"]
        sys.modules.pop("gelu_simd.cupy", None)
        vars(gelu_simd).pop("cupy", None)


def check(cp: ModuleType, ufunc: np.ufunc, *args: np.ndarray, **kwargs: object) -> None:
    """Check that GPU and CPU give the same bits."""
    expected = on_fused_level(ufunc, *args, **kwargs)
    got = results(ufunc(*map(cp.asarray, args), **kwargs))
    for ours, right in zip(got, map(np.asarray, expected), strict=True):
        assert type(ours) is cp.ndarray
        assert ours.shape == right.shape
        assert same_bits(cp.asnumpy(ours), right)


@needs_fused
@pytest.mark.parametrize("name", TYPES)
def test_bits_are_those_of_the_cpu(cp, ufunc, name):
    x = every_kind(ufunc, dtype_of(name))
    check(cp, ufunc, *operands(ufunc, x))
    check(cp, ufunc, *(a[5000:0:-3] for a in operands(ufunc, x)))


@needs_fused
@pytest.mark.parametrize("name", TYPES)
def test_nans_are_those_of_the_cpu(cp, ufunc, name):
    """One operand is NaN, of either sign, the others are numbers."""
    dtype = dtype_of(name)
    unsigned = bits_type(dtype)
    sign, nan = bits(np.array([-0.0, np.nan], dtype))
    nans = np.array([nan + 1, nan + 1 | sign], unsigned).view(dtype)
    numbers = np.array([-2, -0.0, 0, 0.5], dtype)
    for k in range(ufunc.nin):
        grid = np.meshgrid(*(nans if i == k else numbers for i in range(ufunc.nin)))
        check(cp, ufunc, *map(np.ravel, grid))


@pytest.mark.parametrize("name", TYPES)
def test_invalid_product(cp, name):
    whole = invalid_product(dtype_of(name))
    for args in (whole, [a[::2] for a in whole]):
        result = gelu_simd.gelu_backward(*map(cp.asarray, args))
        assert np.isnan(cp.asnumpy(result)).all()


@pytest.mark.gpu
@needs_fused
def test_every_float32(ufunc):
    cp = real_cupy()
    for start in range(0, 1 << 32, 1 << 26):
        x = quiet(patterns(np.dtype(np.float32), start, start + (1 << 26)))
        check(cp, ufunc, *operands(ufunc, x))


@needs_fused
@pytest.mark.parametrize("name", TYPES)
def test_every_layout(cp, ufunc, name):
    dtype = dtype_of(name)
    x = np.linspace(-6, 6, 2 * 3 * 4 * 5).astype(dtype).reshape(2, 3, 4, 5)
    for view in (x, x.T, x[::-1, :, ::2], x[:, 1], x[0, 0, 0, 0], x[:0], x.ravel()[1:], x[..., :1]):
        check(cp, ufunc, *operands(ufunc, view))
    for n in range(20):
        check(cp, ufunc, *operands(ufunc, x.ravel()[:n]))
    fortran = cp.asarray(x.T)
    for y in results(ufunc(*[fortran] * ufunc.nin)):
        assert y.strides == fortran.strides
    for y in results(ufunc(*[fortran] * ufunc.nin, order="C")):
        assert y.flags.c_contiguous


@needs_fused
def test_broadcasting(cp):
    x = np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4)
    check(cp, gelu_simd.gelu_backward, x[:1], x[:, :1])
    check(cp, gelu_simd.gelu_backward, x, x[0])


@needs_fused
@pytest.mark.parametrize("order", ["C", "F", "A", "K", None, "f"])
def test_order(cp, order):
    x = np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4)
    f = np.asfortranarray(x)
    for dy, x_ in [(x, x), (f, f), (x, f), (f, x), (f, x[:1]), (x[:, :1], x[:1]), (x[0], f)]:
        expected = gelu_simd.gelu_backward(dy, x_, order=order)
        result = gelu_simd.gelu_backward(*map(cp.asarray, (dy, x_)), order=order)
        assert result.strides == expected.strides
        assert same_bits(cp.asnumpy(result), expected)


@needs_fused
def test_layout_is_numpys(cp):
    """Axes of one element, broadcasting and an output that is given count as in NumPy."""
    f = np.asfortranarray(np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4))
    deep = f[:, :, None]
    mixed = np.linspace(-3, 3, 24, dtype=np.float32).reshape(4, 3, 2).transpose(1, 0, 2)
    both = gelu_simd.gelu_value_and_grad
    for ufunc, args, keywords in (
        (gelu_simd.gelu_backward, (deep, deep), {"dtype": "f4"}),
        (gelu_simd.gelu_backward, (deep, np.ones(5, np.float32)), {}),
        (gelu_simd.gelu_backward, (np.ones(5, np.float32), deep), {"order": "K"}),
        (gelu_simd.gelu_backward, (mixed, mixed[::-1]), {}),
        (gelu_simd.gelu_backward, (f[:1], f[:, :1]), {}),
        (gelu_simd.gelu, (mixed[:, ::2],), {}),
        (gelu_simd.gelu, (f[::-1, ::-1],), {}),
        (both, (f,), {"out": (None, np.empty((3, 4), np.float32))}),
        (both, (f[0],), {"out": (None, np.empty((3, 4), np.float32, order="F"))}),
    ):
        expected = results(ufunc(*args, **keywords))
        on_gpu = dict(keywords)
        if "out" in keywords:
            on_gpu["out"] = None, cp.asarray(keywords["out"][1])
        got = results(ufunc(*map(cp.asarray, args), **on_gpu))
        for ours, right in zip(got, expected, strict=True):
            assert ours.shape == right.shape
            for axis, n in enumerate(right.shape):
                assert n == 1 or ours.strides[axis] == right.strides[axis]
            assert same_bits(cp.asnumpy(ours), right)


class SomeInt(enum.IntEnum):
    TWO = 2


class SomeFloat(float):
    pass


@needs_fused
def test_types_are_those_of_the_cpu(cp, ufunc):
    is_wide = np.dtype("f8") in _ufuncs.dtypes_of[name_of(ufunc)]
    for code in "?bBhHiIlLqQefd" if is_wide else "ef":
        check(cp, ufunc, *[np.array([0, 1, 1]).astype(code)] * ufunc.nin)
    x = np.linspace(-2, 2, 9, dtype=np.float16)
    check(cp, ufunc, *[x] * ufunc.nin, dtype=np.float32)
    if is_wide:
        check(cp, ufunc, *[x] * ufunc.nin, dtype="f8")
    else:
        for refused in (cp.asarray(np.ones(3)), cp.asarray(np.ones(3, int))):
            with pytest.raises(TypeError, match="No correctly rounded results are known"):
                ufunc(*[refused] * ufunc.nin)
    if ufunc.nin == 2:
        check(cp, ufunc, x, x.astype(np.float32))
        numbers = [2, 0.1, True, np.float16(3)]
        if is_wide:
            numbers += [SomeInt.TWO, SomeFloat(0.1), np.float64(0.1)]
        for number in numbers:
            result = ufunc(number, cp.asarray(x))
            assert same_bits(cp.asnumpy(result), ufunc(number, x))


one_output = pytest.mark.parametrize(
    "ufunc", [ufunc for ufunc in ALL_UFUNCS if ufunc.nout == 1], ids=name_of
)
two_outputs = pytest.mark.parametrize(
    "ufunc", [ufunc for ufunc in ALL_UFUNCS if ufunc.nout == 2], ids=name_of
)


@one_output
def test_out(cp, ufunc):
    x = np.linspace(-3, 3, 64, dtype=np.float32)
    args = [cp.asarray(x)] * ufunc.nin
    expected = cp.asnumpy(ufunc(*args))
    for keywords in (
        {"out": cp.asarray(np.zeros_like(x))},
        {"out": (cp.asarray(np.zeros_like(x)),)},
    ):
        out = keywords["out"][0] if isinstance(keywords["out"], tuple) else keywords["out"]
        assert ufunc(*args, **keywords) is out
        assert same_bits(cp.asnumpy(out), expected)
    out = cp.asarray(np.zeros_like(x))
    assert ufunc(*args, out) is out
    assert same_bits(cp.asnumpy(out), expected)
    for dtype in (np.float64, np.float16):
        out = cp.asarray(np.zeros(64, dtype))
        assert ufunc(*args, out=out) is out
        assert np.array_equal(cp.asnumpy(out), expected.astype(dtype))
    own = cp.asarray(x.copy())
    ufunc(*[own] * ufunc.nin, out=own)
    assert same_bits(cp.asnumpy(own), expected)
    for shift in (1, 4):  # off a packet, and a whole one
        long = cp.asarray(x.copy())
        ufunc(*[long[:-shift]] * ufunc.nin, out=long[shift:])
        assert same_bits(cp.asnumpy(long)[shift:], expected[:-shift])
    wide = cp.asarray(np.zeros((2, 64), np.float32))
    ufunc(*args, out=wide)
    assert np.array_equal(cp.asnumpy(wide), [expected, expected])


@two_outputs
def test_two_outs(cp, ufunc):
    x = np.linspace(-3, 3, 64, dtype=np.float32)
    args = [cp.asarray(x)] * ufunc.nin
    expected = [cp.asnumpy(y) for y in ufunc(*args)]

    def zeros(dtype=np.float32, shape=64):
        return cp.asarray(np.zeros(shape, dtype))

    outs = zeros(), zeros()
    for got in (ufunc(*args, out=outs), ufunc(*args, *outs)):
        for ours, out, right in zip(got, outs, expected, strict=True):
            assert ours is out
            assert same_bits(cp.asnumpy(out), right)
    own, other = cp.asarray(x.copy()), zeros(np.float64)  # in place, and of another type
    got = ufunc(*[own] * ufunc.nin, out=(other, own))
    assert same_bits(cp.asnumpy(own), expected[1])
    assert np.array_equal(cp.asnumpy(other), expected[0])
    first, second = ufunc(*args, out=(None, own))
    assert second is own
    assert first.shape == (64,)
    for shift in (1, 4):
        long = cp.asarray(np.append(x, np.zeros(shift, np.float32)))
        ufunc(*[long[:-shift]] * ufunc.nin, out=(long[shift:], None))
        assert same_bits(cp.asnumpy(long)[shift:], expected[0])
        long = zeros(shape=64 + shift)  # where both go, the second stays
        ufunc(*args, out=(long[:-shift], long[shift:]))
        assert same_bits(cp.asnumpy(long), np.append(expected[0][:shift], expected[1]))
    wide = zeros(shape=(2, 64)), None
    assert [y.shape for y in ufunc(*args, out=wide)] == [(2, 64), (2, 64)]
    masked = zeros(), zeros()
    ufunc(*args, out=masked, where=cp.asarray(np.arange(64) % 2 == 0))
    for out, right in zip(masked, expected, strict=True):
        assert np.array_equal(cp.asnumpy(out), np.where(np.arange(64) % 2 == 0, right, 0))
    for wrong, error, message in (
        (zeros(), TypeError, "out must be a tuple of 2, arrays or None"),
        ((zeros(),), ValueError, "the out tuple must have 2 entries, not 1"),
        ((zeros(), zeros(shape=3)), ValueError, r"out has the shape \(3,\), the result \(64,\)"),
        ((zeros(), zeros(shape=(2, 64))), ValueError, r"the outputs have the shapes \(64,\) and"),
        ((zeros(), x), TypeError, "is on the host"),
    ):
        with pytest.raises(error, match=message):
            ufunc(*args, out=wrong)
    with pytest.raises(TypeError, match="out was given by position and by keyword"):
        ufunc(*args, zeros(), out=(zeros(), zeros()))


@one_output
def test_where(cp, ufunc):
    x = np.linspace(-3, 3, 64, dtype=np.float32)
    args = [cp.asarray(x)] * ufunc.nin
    mask = np.arange(64) % 3 == 0
    for dtype in (np.float32, np.float64):
        out = cp.asarray(np.full(64, 7, dtype))
        ufunc(*args, out=out, where=cp.asarray(mask))
        expected = np.where(mask, cp.asnumpy(ufunc(*args)), np.float32(7))
        assert np.array_equal(cp.asnumpy(out), expected)
    # A mask in the output's own memory: it counts as it was before.
    memory = np.resize(np.array([1, 0, 0, 1, 1], np.uint8), 64 * 4)
    own = cp.asarray(memory.copy())
    out, within = own.view(np.float32), own[:64].view(bool)
    expected = memory.copy()
    with np.errstate(all="ignore"):
        ufunc(*[x] * ufunc.nin, out=expected.view(np.float32), where=expected[:64].view(bool))
        ufunc(*args, out=out, where=within)
    assert np.array_equal(cp.asnumpy(own), expected)
    # One in the first output's place, still needed when the second is converted.
    both = gelu_simd.gelu_value_and_grad
    memory = np.resize(np.array([1, 0, 0, 0, 0, 0, 0, 0], np.uint8), 64 * 4)
    own, out = cp.asarray(memory.copy()), cp.asarray(np.full(64, 7.0))
    both(args[0], out=(own.view(np.float32), out), where=own.view(bool)[::4])
    expected = np.where(memory[::4], cp.asnumpy(both(args[0])[1]), np.float32(7))
    assert np.array_equal(cp.asnumpy(out), expected)
    with pytest.raises(TypeError, match="where must be bool, not int"):
        ufunc(*args, where=cp.asarray(np.arange(64)))


def test_arrays_that_are_alike_take_the_short_way(cp, ufunc):
    from gelu_simd import cupy

    x = np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4)
    for a in (x, np.asfortranarray(x), x.ravel(), x[0, 0]):
        args = [cp.asarray(a)] * ufunc.nin
        outs = tuple(cp.asarray(np.empty_like(a)) for _ in range(ufunc.nout))
        expected = cupy.compute(ufunc, *args)
        for out in (None, outs):
            short = cupy.compute_alike(ufunc, tuple(args), out)
            for ours, right in zip(short, expected, strict=True):
                assert ours.strides == right.strides
                assert same_bits(cp.asnumpy(ours), cp.asnumpy(right))
        assert all(a is b for a, b in zip(short, outs, strict=True))


def test_others_take_the_long_way(cp):
    from gelu_simd import cupy

    both, x = gelu_simd.gelu_value_and_grad, cp.asarray(np.linspace(-3, 3, 64, dtype=np.float32))
    for ufunc, args, out in (
        (gelu_simd.gelu, (1.0,), x),
        (gelu_simd.gelu, (x[:0],), None),
        (gelu_simd.gelu, (x[1:],), None),
        (gelu_simd.gelu, (x[::2],), None),
        (gelu_simd.gelu, (x.astype(np.int32),), None),
        (gelu_simd.gelu, (x[:-4],), x[4:]),
        (gelu_simd.gelu, (x,), cp.asarray(np.zeros(64))),
        (gelu_simd.gelu_backward, (x, 1.0), None),
        (gelu_simd.gelu_backward, (x, x[:4]), None),
        (both, (cp.asarray(np.ones(32, np.float32)),), (x[:32], x[4:36])),
        (both, (x,), x),
        (both, (x,), (x,)),
    ):
        before = cp.asnumpy(x).copy()
        assert cupy.compute_alike(ufunc, args, out) is None
        assert same_bits(cp.asnumpy(x), before)


def test_narrow_floats_are_refused(cp):
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")
    x = cp.asarray(np.zeros(3, np.uint8)).view(ml_dtypes.float8_e4m3fn)
    for keywords in ({}, {"order": "C"}):
        with pytest.raises(TypeError, match="gelu does not take float8_e4m3fn in CuPy arrays"):
            gelu_simd.gelu(x, **keywords)


def test_explicit_names(cp, ufunc):
    from gelu_simd import cupy

    if ufunc in UFUNCS:
        function = getattr(cupy, ufunc.__name__)
        assert function.__name__ in cupy.__all__
    else:
        function = partial(cupy.call, ufunc)
    module = _ufuncs.records[ufunc].tier.module
    x = cp.asarray(np.ones(3, np.float32))
    for pair in zip(*(results(call(*[x] * ufunc.nin)) for call in (function, ufunc)), strict=True):
        assert same_bits(*map(cp.asnumpy, pair))
    with pytest.raises(TypeError, match=rf"takes CuPy arrays here; {module}\.{ufunc.__name__} "):
        function(*[1.0] * ufunc.nin)


def test_errors(cp):
    x, host = cp.asarray(np.ones(4, np.float32)), np.ones(4, np.float32)
    convert = r"convert it by cupy\.asarray, or the CuPy arrays by cupy\.asnumpy"
    backward = gelu_simd.gelu_backward
    for args, kwargs, message in [
        ((host, x), {}, rf"gelu_backward: dy, a numpy\.ndarray, is on the host; {convert}"),
        ((x, host), {}, rf"x, a numpy\.ndarray, is on the host; {convert}"),
        ((x, x), {"out": host}, rf"out, a numpy\.ndarray, is on the host; {convert}"),
        ((host, host), {"out": x}, rf"dy, a numpy\.ndarray, is on the host; {convert}"),
        ((x, x), {"where": host > 0}, rf"where, a numpy\.ndarray, is on the host; {convert}"),
        ((x, [1.0]), {}, rf"x, a builtins\.list, is no CuPy array; {convert}"),
        ((x,), {}, "takes 2 inputs and out, but 1 were given"),
        ((x, x, x), {"out": x}, "out was given by position and by keyword"),
        ((x, x), {"dtype": "f4", "signature": "ff->f"}, "dtype and signature exclude each other"),
        ((x, x), {"axis": 0}, r"gelu_backward\(\) got an unexpected keyword argument 'axis'"),
        ((x, x), {"signature": ["f", "f", "f"]}, "signature must be a string or a tuple"),
        ((x, x), {"subok": "yes"}, "subok must be True or False, not 'yes'"),
        ((x, 1j), {}, "ufunc 'gelu_backward' does not take float32 and complex; it takes"),
        ((x, x), {"dtype": "f2", "casting": "safe"}, "Cannot cast"),
    ]:
        with pytest.raises(TypeError, match=message):
            backward(*args, **kwargs)
    with pytest.raises(ValueError, match=r"order must be one of 'C', 'F', 'A' or 'K', not 'Z'"):
        backward(x, x, order="Z")
    with pytest.raises(ValueError, match=r"out has the shape \(3,\), the result \(4,\)"):
        backward(x, x, out=x[:3])
    for method, args in [
        ("reduce", (x,)),
        ("accumulate", (x,)),
        ("outer", (x, x)),
        ("at", (x, 0, x)),
    ]:
        with pytest.raises(TypeError):
            getattr(backward, method)(*args)


def test_devices_are_not_mixed(cp):
    if cp.ndarray is not host_cupy.ndarray:
        pytest.skip("needs two devices that are there for sure")
    x, y = cp.asarray(np.ones(4)), cp.asarray(np.ones(4))
    y.number = 1
    with pytest.raises(TypeError, match="dy is on GPU 0, x on GPU 1"):
        gelu_simd.gelu_backward(x, y)
    assert gelu_simd.gelu(y).shape == (4,)


@pytest.mark.gpu
def test_stream_and_device():
    cp = real_cupy()
    for number in range(cp.cuda.runtime.getDeviceCount()):
        with cp.cuda.Device(number):
            x = cp.linspace(-3, 3, 1 << 20, dtype=np.float32)
        result = gelu_simd.gelu(x)
        assert result.device.id == number
        with cp.cuda.Device(number), cp.cuda.Stream(non_blocking=True) as stream:
            again = gelu_simd.gelu(x)
            stream.synchronize()
        assert same_bits(cp.asnumpy(again), cp.asnumpy(result))


@pytest.mark.gpu
def test_dlpack():
    cp = real_cupy()
    torch = pytest.importorskip("torch", reason="needs torch")
    if not torch.cuda.is_available():
        pytest.skip("needs PyTorch with CUDA")
    t = torch.linspace(-3, 3, 100, device="cuda")
    x = cp.from_dlpack(t)
    gelu_simd.gelu(x, out=x)
    assert torch.allclose(t, torch.nn.functional.gelu(torch.linspace(-3, 3, 100, device="cuda")))


@needs_bench
@pytest.mark.usefixtures("cp")
def test_bench(tmp_path, capsys):
    """bench/gpu.py times every function and type of what there is, and counts bytes rightly."""
    sys.modules.pop("gpu", None)
    program("gpu").main(["--sizes", "1000", "--json", str(tmp_path / "gpu.json")])
    report = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
    rows = [row for row in report["rows"] if row["name"] == "gelu_simd"]
    dtypes = {row["dtype"] for row in rows}
    assert {"float64", "float32", "float16"} <= dtypes
    assert len(rows) == sum(len(dtypes & set(row.types)) for row in FUNCTIONS.values())
    for row in report["rows"]:
        function = FUNCTIONS[row["function"]]
        arrays = 2 if row["name"] == "copy" else len(function.operands) + len(function.results)
        moved = arrays * 1000 * np.dtype(row["dtype"]).itemsize
        assert row["gb_per_s"] == pytest.approx(moved / (1e3 * row["min_us"]))
        assert row["name"] != "copy" or row["part_of_copy"] == 1
    small = [(row["function"], row["dtype"]) for row in report["launches"]]
    assert small == [(row["function"], row["dtype"]) for row in rows]
    assert all(row["min_us"] <= row["median_us"] for row in report["launches"])
    lines = len(capsys.readouterr().out.splitlines())
    assert lines == 3 + len(report["launches"]) + len(report["rows"])


def test_importing_leaves_cupy_alone():
    assert output("import sys, gelu_simd; print('cupy' in sys.modules)") == "False\n"


def test_ufuncs_are_handed_over_only_where_numpy_is_as_its_header_says():
    assert gelu_simd._hands_over
    assert not _ufuncs.hand_over(None, flags=0)
    assert not _ufuncs.hand_over(None, size=16)
