"""gelu_simd.torch: operators and a layer in the place of PyTorch's."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from helpers import dtype_of, every_kind, every_level, operands, output, same_bits

from gelu_simd import _ufuncs
from gelu_simd._functions import FAST, FUNCTIONS, Kind

torch = pytest.importorskip("torch", reason="needs torch")
ours = pytest.importorskip("gelu_simd.torch", reason="needs torch")

FORMS = {"none": "exact", "tanh": "tanh"}
each_form = pytest.mark.parametrize("approximate", FORMS)
each_operator = pytest.mark.parametrize("name", ours.OPERATORS)
HAS_SECOND = {row.form for row in FUNCTIONS.values() if row.order == 2}

# What torch.compile imports warns of itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def theirs(x: Any, approximate: str) -> Any:
    return torch.nn.functional.gelu(x, approximate=approximate)


def sample(*shape: int, dtype: Any = torch.float64) -> Any:
    generator = torch.Generator().manual_seed(5)
    return (3 * torch.randn(shape, generator=generator, dtype=torch.float64)).to(dtype)


def close(a: Any, b: Any) -> None:
    torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-12)


def tensor(x: np.ndarray) -> Any:
    """Return a tensor of the numbers of an array, bfloat16 too."""
    if x.dtype.isbuiltin == 1:
        return torch.from_numpy(x.copy())
    return torch.from_numpy(x.view(np.uint16).copy()).view(getattr(torch, x.dtype.name))


# ---- values ----


@every_level
@each_operator
def test_bits_are_those_of_the_ufunc(name: str, dtype: np.dtype) -> None:
    """Of numbers of every kind: all of a half type."""
    ufunc = _ufuncs.ufuncs[name]
    arrays = operands(ufunc, every_kind(ufunc, dtype)[:1_000_000])
    with np.errstate(all="ignore"):
        expected = ufunc(*arrays)
        result = ours.operator(name)(*map(tensor, arrays))
    assert result.dtype is getattr(torch, dtype.name)
    assert same_bits(ours.array(result), expected)


@each_form
def test_function_and_layer_take_the_place_of_theirs(approximate: str) -> None:
    x = sample(40, 30)
    close(ours.gelu(x, approximate), theirs(x, approximate))
    close(ours.gelu(input=x, approximate=approximate), theirs(x, approximate))
    assert torch.equal(ours.GELU(approximate)(x), ours.gelu(x, approximate))
    close(ours.gelu(x), torch.nn.functional.gelu(x))
    assert repr(ours.GELU(approximate)) == repr(torch.nn.GELU(approximate))
    assert repr(ours.GELU()) == repr(torch.nn.GELU())
    layer = ours.GELU(approximate)
    for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert repr(again) == repr(layer)


@each_form
@pytest.mark.parametrize(
    "view",
    [lambda x: x[0, 0], lambda x: x[:0], lambda x: x.T, lambda x: x[::2, 1::3],
     lambda x: x[:, :1].expand(8, 5),
     lambda x: x.reshape(2, 3, 2, 4).to(memory_format=torch.channels_last)],
    ids=["0-d", "empty", "transposed", "steps", "expanded", "channels last"],
)  # fmt: skip
def test_layouts(approximate: str, view: Callable[[Any], Any]) -> None:
    for dtype in ours.DTYPES:
        x = view(sample(8, 6, dtype=dtype))
        y = ours.gelu(x, approximate)
        assert (y.dtype, y.shape) == (x.dtype, x.shape)
        assert torch.equal(y, ours.gelu(x.contiguous(), approximate))
        assert y.stride() == torch.empty_like(x).stride()


def test_input_is_left_alone() -> None:
    x = sample(100)
    before = x.clone()
    y = ours.gelu(x)
    assert torch.equal(x, before)
    assert x.data_ptr() != y.data_ptr()


# ---- derivatives ----


@each_form
def test_gradient(approximate: str) -> None:
    x = sample(5, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda t: ours.gelu(t, approximate), x)
    [gradient] = torch.autograd.grad(ours.gelu(x, approximate).sum(), x)
    [expected] = torch.autograd.grad(theirs(x, approximate).sum(), x)
    close(gradient, expected)


@each_form
@pytest.mark.parametrize("dtype", ours.DTYPES, ids=str)
def test_gradient_has_the_bits_of_the_product(approximate: str, dtype: Any) -> None:
    x, dy = sample(50, dtype=dtype).requires_grad_(), sample(2, 50, dtype=dtype)[1]
    [gradient] = torch.autograd.grad(ours.gelu(x, approximate), x, dy)
    place = (FORMS[approximate], Kind.GRADIENT)
    [backward] = [u for u in _ufuncs.of_tier(FAST).values() if _ufuncs.records[u].place == place]
    expected = backward(ours.array(dy), ours.array(x))
    assert same_bits(ours.array(gradient), expected)


@each_form
def test_second_derivative(approximate: str) -> None:
    x = sample(5, 6).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda t: ours.gelu(t, approximate), x)


@each_form
def test_no_third_derivative(approximate: str) -> None:
    x = sample(5, 6).requires_grad_()
    result = ours.gelu(x, approximate)
    for _ in range(2):
        [result] = torch.autograd.grad(result.sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match=r"gelu_(tanh_)?grad2 has no derivative in x"):
        result.sum().backward()


@each_form
def test_transforms_of_functions(approximate: str) -> None:
    """Gradients of a batch, Jacobians in both modes."""
    x = sample(3, 4)

    def results(f: Callable[[Any], Any]) -> Iterator[Any]:
        yield torch.func.vmap(f)(x)
        yield torch.func.vmap(f, in_dims=1, out_dims=1)(x)
        yield torch.func.vmap(torch.func.grad(lambda t: f(t).sum()))(x)
        yield torch.func.jacrev(f)(x)
        yield torch.func.jacfwd(f)(x)

    for a, b in zip(
        results(lambda t: ours.gelu(t, approximate)), results(lambda t: theirs(t, approximate)),
        strict=True,
    ):  # fmt: skip
        close(a, b)


def test_batch_of_one_operand() -> None:
    dy, x = sample(3, 4), sample(4)
    expected = torch.stack([torch.ops.gelu_simd.gelu_backward(row, x) for row in dy])
    result = torch.func.vmap(torch.ops.gelu_simd.gelu_backward, in_dims=(0, None))(dy, x)
    assert torch.equal(result, expected)


def test_without_a_private_name_torch_func_grad_is_lost() -> None:
    """What else there is stays."""
    output("""
import warnings
warnings.simplefilter("ignore")
import torch
name = "_are_functorch_transforms_active"
private = getattr(torch._C, name)
delattr(torch._C, name)
from gelu_simd.torch import gelu
setattr(torch._C, name, private)
x = torch.ones(2, 3, requires_grad=True)
gelu(x).sum().backward()
assert x.grad is not None
assert torch.equal(torch.func.vmap(gelu)(x), gelu(x))
try:
    torch.func.grad(lambda x: gelu(x).sum())(x)
except RuntimeError as error:
    assert "setup_context" in str(error)
else:
    raise AssertionError
""")


@each_form
def test_tangents(approximate: str) -> None:
    """PyTorch's forward mode by itself, without torch.func."""
    x, change = sample(4, 3), sample(4, 3).cos()
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, change)
        tangents = [
            torch.autograd.forward_ad.unpack_dual(f(dual, approximate)).tangent
            for f in (ours.gelu, theirs)
        ]
    close(*tangents)


# ---- the direct way past the dispatcher ----


def records(name: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each call of a kernel by the direct way."""
    calls = []
    kernel = ours.KERNELS[name]
    monkeypatch.setitem(ours.KERNELS, name, lambda *args: (calls.append(name), kernel(*args))[1])
    return calls


def test_plain_tensors_go_direct(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = records("gelu", monkeypatch)
    x = sample(5)
    for t in (x, x[::2], torch.nn.Parameter(x), x.float(), x.clone().requires_grad_()):
        ours.gelu(t)
        with torch.no_grad():
            ours.gelu(t)
    with torch.inference_mode():
        ours.gelu(x)
        assert torch.equal(ours.gelu(x.clone()), torch.ops.gelu_simd.gelu(x))
    assert len(calls) == 12


class Seen(torch.Tensor):
    """A subclass as users write them."""


def test_others_go_through_the_dispatcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """What modes, tracers and classes of tensors see is the operator."""
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.overrides import TorchFunctionMode
    from torch.profiler import profile
    from torch.utils._python_dispatch import TorchDispatchMode

    calls = records("gelu", monkeypatch)
    x = sample(5)
    expected = torch.ops.gelu_simd.gelu(x)
    seen = []

    class Functions(TorchFunctionMode):
        def __torch_function__(self, f, types, args=(), kwargs=None):
            seen.append(f)
            return f(*args, **kwargs or {})

    class Dispatches(TorchDispatchMode):
        def __torch_dispatch__(self, f, types, args=(), kwargs=None):
            seen.append(f)
            return f(*args, **kwargs or {})

    for mode in (Functions(), Dispatches()):
        with mode:
            assert torch.equal(ours.gelu(x), expected)
        assert torch.ops.gelu_simd.gelu.default in seen
        seen.clear()
    assert "gelu_simd.gelu" in make_fx(lambda x: ours.gelu(x))(x).code  # noqa: PLW0108 - make_fx counts defaults
    assert type(ours.gelu(x.as_subclass(Seen))) is Seen
    with profile() as profiler:
        ours.gelu(x)
    assert "gelu_simd::gelu" in [event.key for event in profiler.key_averages()]
    negative = torch.imag(torch.complex(x, -x).conj())
    assert negative.is_neg()
    assert torch.equal(ours.gelu(negative), expected)
    assert torch.equal(ours.gelu(torch._efficientzerotensor(3)), torch.zeros(3))
    assert calls == []


@pytest.mark.parametrize("name", ["_dispatch_keys", "_len_torch_function_stack"])
def test_without_private_names_all_goes_through_the_dispatcher(name: str) -> None:
    output(f"""
import warnings
warnings.simplefilter("ignore")
import torch
private = getattr(torch._C, {name!r})
delattr(torch._C, {name!r})
import gelu_simd.torch as ours
setattr(torch._C, {name!r}, private)
x = torch.ones(2, 3, requires_grad=True)
assert not ours.goes_direct((x,))
ours.gelu(x).sum().backward()
assert x.grad is not None
""")


# ---- PyTorch's own check of operators ----


@each_operator
@pytest.mark.parametrize("dtype", ours.DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (4, 3)])
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
def test_operator_passes_the_check(name: str, dtype: Any, shape: tuple[int, ...]) -> None:
    row = ours.OPERATORS[name]
    has_derivative = row.order == 0 or (row.form in HAS_SECOND and row.order < 2)
    differentiable = has_derivative and dtype is torch.float64
    args = tuple(sample(*shape, dtype=dtype).requires_grad_(differentiable) for _ in row.operands)
    results = torch.library.opcheck(ours.operator(name), args)
    assert set(results.values()) == {"SUCCESS"}


@each_form
def test_compiled(approximate: str) -> None:
    """Traced without a break, forward and backward, whatever the size."""
    torch.compiler.reset()
    f = torch.compile(
        lambda x: ours.gelu(2 * x, approximate) + 1,
        fullgraph=True,
        dynamic=True,
        backend="aot_eager",
    )
    for n in (5, 11):
        x = sample(n).requires_grad_()
        y = f(x)
        y.sum().backward()
        expected = x.detach().clone().requires_grad_()
        (theirs(2 * expected, approximate) + 1).sum().backward()
        close(y, theirs(2 * x, approximate) + 1)
        close(x.grad, expected.grad)


def test_exported() -> None:
    program = torch.export.export(ours.GELU("tanh"), (sample(4, dtype=torch.float32),))
    assert "torch.ops.gelu_simd.gelu_tanh" in program.graph_module.code
    x = sample(4, dtype=torch.float32)
    assert torch.equal(program.module()(x), ours.gelu(x, "tanh"))


# ---- a layer of BERT ----


def bert_layer(activation: Callable[[Any], Any]) -> Any:
    """An encoder layer as BERT has it: norm after, GELU between."""
    torch.manual_seed(7)
    return torch.nn.TransformerEncoderLayer(
        64, 4, 256, dropout=0.0, activation=activation, batch_first=True, layer_norm_eps=1e-12
    )


@each_form
def test_layer_of_bert(approximate: str) -> None:
    """Forward and backward, by our layer and by theirs, agree to rounding."""
    x = sample(4, 20, 64, dtype=torch.float32)
    results = []
    for layer in (bert_layer(ours.GELU(approximate)), bert_layer(torch.nn.GELU(approximate))):
        y = layer(x)
        y.square().mean().backward()
        results.append([y, *(p.grad for p in layer.parameters())])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=2e-6)


# ---- what is refused ----


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
def test_other_types(dtype: Any) -> None:
    x = torch.ones(3, dtype=dtype)
    with pytest.raises(TypeError, match=rf"gelu does not take {dtype}; it takes torch.float32, "):
        ours.gelu(x)


@pytest.mark.parametrize("convert", ["to_sparse", "to_sparse_csr", "to_mkldnn"])
@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning")
def test_other_layouts(convert: str) -> None:
    x = getattr(torch.ones(3, 3), convert)()
    with pytest.raises(TypeError, match=r"dense tensors on the CPU; this one is of the layout"):
        ours.gelu(x)


def test_other_devices() -> None:
    """As those who trace for a GPU see it; no GPU is needed."""
    from torch._subclasses import FakeTensorMode

    with FakeTensorMode():
        x = torch.empty(3, device="cuda")
        with pytest.raises(TypeError, match=r"on the CPU; this one is on cuda.* or use torch"):
            ours.gelu(x)
    assert ours.gelu(torch.empty(3, device="meta")).device.type == "meta"


def test_other_words() -> None:
    for make in (ours.GELU, lambda word: ours.gelu(torch.ones(1), word)):
        with pytest.raises(ValueError, match="approximate must be 'none' or 'tanh', not 'exact'"):
            make("exact")
        with pytest.raises(ValueError, match=r"must be 'none' or 'tanh', not \['tanh'\]"):
            make(["tanh"])


@pytest.mark.parametrize("x", [None, 1.5, [1.0], np.ones(3)], ids=repr)
def test_other_objects(x: Any) -> None:
    for gelu in (ours.gelu, ours.GELU()):
        with pytest.raises(TypeError, match=f"takes a torch.Tensor, not {type(x).__name__}; "):
            gelu(x)


def test_operands_that_differ() -> None:
    backward = torch.ops.gelu_simd.gelu_backward
    with pytest.raises(ValueError, match=r"one type and shape, not torch.float64 \(3,\) and"):
        backward(sample(3), sample(4))
    with pytest.raises(ValueError, match="one type and shape"):
        backward(sample(3), sample(3, dtype=torch.float32))


def test_bfloat16_without_ml_dtypes() -> None:
    dtype_of("bfloat16")
    output("""
import sys, warnings
warnings.simplefilter("ignore")
sys.modules["ml_dtypes"] = None
import torch
import gelu_simd.torch
try:
    gelu_simd.torch.gelu(torch.ones(3).bfloat16())
except TypeError as error:
    assert "that type needs the package ml_dtypes" in str(error)
else:
    raise AssertionError
""")
