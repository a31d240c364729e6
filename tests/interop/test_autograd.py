"""Autograd: values and derivatives with our bits, in reverse and in forward mode."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import UFUNCS, name_of, output, same_bits

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._functions import FUNCTIONS, Kind

autograd = pytest.importorskip("autograd", reason="needs autograd")
check_grads = pytest.importorskip("autograd.test_util").check_grads

X = np.linspace(-4, 4, 101)
DERIVATIVES = {
    (row.tier.name, row.form, row.order): name for name, row in FUNCTIONS.items() if row.limits
}


def derivative(ufunc: np.ufunc) -> np.ufunc | None:
    row = _ufuncs.records[ufunc]
    name = DERIVATIVES.get((row.tier.name, row.form, row.order + 1))
    return None if name is None else _ufuncs.ufuncs[name]


@pytest.mark.parametrize("function", DERIVATIVES.values())
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_derivative(function: str, dtype: str) -> None:
    ufunc, x = _ufuncs.ufuncs[function], X.astype(dtype)
    y = derivative(ufunc)
    if y is None:
        with pytest.raises(NotImplementedError, match=ufunc.__name__):
            autograd.elementwise_grad(ufunc)(x)
        return
    assert same_bits(autograd.elementwise_grad(ufunc)(x), y(x))
    value, tangent = autograd.make_jvp(ufunc)(x)(np.ones_like(x))
    assert same_bits(value, ufunc(x))
    assert same_bits(tangent, y(x))


def times(ufunc: np.ufunc) -> int:
    """Return how many times a function can be differentiated."""
    row = _ufuncs.records[ufunc]
    factors = row.composition.factors if row.composition else [row.name]
    highest = max(FUNCTIONS[name].order for name in factors)
    this = row.tier.name, row.form
    return max(order for *kind, order in DERIVATIVES if tuple(kind) == this) - highest


@pytest.mark.parametrize("ufunc", UFUNCS, ids=name_of)
def test_gradients_of_every_function(ufunc: np.ufunc) -> None:
    """Numerical derivatives agree, of every operand and up to the order there are functions for."""
    rng = np.random.default_rng(4)
    args = [rng.uniform(0.1, 1, (3, 4)) for _ in range(ufunc.nin)]
    if _ufuncs.records[ufunc].kind is Kind.STOCHASTIC:
        with pytest.raises(TypeError, match=f"^{ufunc.__name__} has no derivative"):
            autograd.grad(ufunc)(*args)
    elif times(ufunc):
        first = ufunc if ufunc.nout == 1 else lambda *args: ufunc(*args)[0]
        check_grads(first, modes=["fwd", "rev"], order=times(ufunc))(*args)


def test_broadcast_operands() -> None:
    dy, x = np.linspace(-1, 1, 3)[:, None], X[:4]
    check_grads(lambda dy: gelu_simd.gelu_backward(dy, x), modes=["rev"], order=1)(dy)


def test_within_a_network() -> None:
    import autograd.numpy as anp

    rng = np.random.default_rng(1)
    x, w = rng.normal(0, 1, (8, 5)), rng.normal(0, 1, (5, 3))

    def loss(w):
        return anp.sum(gelu_simd.gelu(anp.dot(x, w)) ** 2)

    z = x @ w
    expected = x.T @ (2 * gelu_simd.gelu(z) * gelu_simd.gelu_grad(z))
    np.testing.assert_allclose(autograd.grad(loss)(w), expected, rtol=1e-14)


def test_keywords_are_refused() -> None:
    with pytest.raises(TypeError, match=r"^gelu takes arrays that Autograd follows without out"):
        autograd.grad(lambda x: gelu_simd.gelu(x, dtype="f4"))(1.0)


@pytest.mark.parametrize("imports", ["import autograd, gelu_simd", "import gelu_simd, autograd"])
def test_any_order_of_imports(imports: str) -> None:
    code = f"{imports}\nprint(autograd.grad(gelu_simd.gelu)(0.0))"
    assert output(code) == "0.5\n"
