"""PyTorch tensors on the CPU: what comes back, and when it shares memory."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import dtype_of, results, same_bits

import gelu_simd

torch = pytest.importorskip("torch", reason="needs torch")

# NumPy says so at every ufunc of a tensor: PyTorch's __array_wrap__ takes no context.
pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning")

X = np.linspace(-4, 4, 30).reshape(5, 6)
each_type = pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])


@each_type
def test_tensor_in_tensor_out(ufunc: np.ufunc, dtype: str) -> None:
    x = torch.from_numpy(X.astype(dtype))
    for t in (x, x.T, x[::2, 1::3], x[0, 0]):
        pair = results(ufunc(*[t] * ufunc.nin)), results(ufunc(*[t.numpy()] * ufunc.nin))
        for y, expected in zip(*pair, strict=True):
            assert type(y) is torch.Tensor
            assert y.dtype == t.dtype
            assert y.shape == t.shape
            assert same_bits(y.numpy(), np.asarray(expected))


def test_integers_give_float64() -> None:
    assert gelu_simd.gelu(torch.arange(3)).dtype == torch.float64


@pytest.mark.parametrize("tensor_first", [True, False])
def test_tensor_beside_array(tensor_first: bool) -> None:
    """Either gives a tensor."""
    x, t = X.astype("f4"), torch.from_numpy(X.astype("f4"))
    args = (t, x) if tensor_first else (x, t)
    y = gelu_simd.gelu_backward(*args)
    assert type(y) is torch.Tensor
    assert same_bits(y.numpy(), gelu_simd.gelu_backward(x, x))


@each_type
def test_out_is_the_memory_of_a_tensor(dtype: str) -> None:
    """A tensor itself cannot be out=; numpy() and from_numpy() share its memory."""
    t = torch.from_numpy(X.astype(dtype))
    with pytest.raises(TypeError, match="ArrayType"):
        gelu_simd.gelu(t, out=t)
    gelu_simd.gelu(t.numpy(), out=t.numpy())
    assert same_bits(t.numpy(), gelu_simd.gelu(X.astype(dtype)))


def test_where_autograd_is_in_play() -> None:
    """PyTorch refuses to hand out the values, so no gradient is lost in silence."""
    x = torch.from_numpy(X).requires_grad_()
    with pytest.raises(RuntimeError, match="requires grad"):
        gelu_simd.gelu(x)
    assert not gelu_simd.gelu(x.detach()).requires_grad


def test_bfloat16_goes_by_its_bits() -> None:
    """PyTorch knows no such NumPy type; ours is the exact result, rounded once."""
    x = torch.from_numpy(X).bfloat16()
    with pytest.raises(TypeError, match="BFloat16"):
        gelu_simd.gelu(x)
    bfloat16 = dtype_of("bfloat16")
    y = gelu_simd.gelu(x.view(torch.uint16).numpy().view(bfloat16))
    back = torch.from_numpy(y.view(np.uint16)).view(torch.bfloat16)
    exact = gelu_simd.gelu(x.double().numpy())
    assert torch.equal(back, torch.from_numpy(exact).bfloat16())


@pytest.mark.parametrize(("tanh", "form"), [(False, "none"), (True, "tanh")])
def test_values_and_gradients_are_those_of_pytorch(tanh: bool, form: str) -> None:
    x = torch.from_numpy(X).requires_grad_()
    dy = torch.linspace(1, 2, 6, dtype=torch.float64).expand(5, 6)
    y = torch.nn.functional.gelu(x, approximate=form)
    y.backward(dy)
    value = gelu_simd.gelu_tanh if tanh else gelu_simd.gelu
    backward = gelu_simd.gelu_tanh_backward if tanh else gelu_simd.gelu_backward
    torch.testing.assert_close(value(x.detach()), y.detach(), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(backward(dy, x.detach()), x.grad, rtol=1e-12, atol=1e-14)
