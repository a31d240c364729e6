"""SciPy's sparse arrays: functions that are 0 at 0 keep them sparse, others are refused by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from helpers import ALL_UFUNCS, UFUNCS, name_of, output, same_bits

import gelu_simd
from gelu_simd import cr, gelu

sparse = pytest.importorskip("scipy.sparse", reason="needs scipy")

FORMATS = ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"]
ZERO = np.float32(0)
KEEPING = [ufunc for ufunc in ALL_UFUNCS if ufunc.nin == 1 and not np.any(ufunc(ZERO))]


def dense(dtype: str = "float32") -> np.ndarray:
    rng = np.random.default_rng(2)
    return np.where(rng.random((40, 30)) < 0.2, 4 * rng.normal(0, 1, (40, 30)), 0).astype(dtype)


@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "bool"])
@pytest.mark.parametrize("ufunc", [u for u in KEEPING if u in UFUNCS], ids=name_of)
def test_sparse_stays_sparse(ufunc: np.ufunc, form: str, dtype: str, kind: str) -> None:
    values = dense(dtype)
    x = getattr(sparse, f"{form}_{kind}")(values)
    before = x.toarray()
    y = ufunc(x)
    assert type(y) is type(x)
    assert y.nnz <= x.nnz
    assert same_bits(y.toarray() + 0, ufunc(values) + 0)  # without the signs of zeros
    assert y.dtype == ufunc(values).dtype
    assert np.array_equal(x.toarray(), before)


def test_correctly_rounded_functions_keep_it_sparse() -> None:
    x = sparse.csr_array(dense())
    for ufunc in KEEPING:
        assert same_bits(ufunc(x).data, ufunc(x.data))
    with pytest.raises(TypeError, match="No correctly rounded results are known"):
        cr.gelu(sparse.csr_array(dense("float64")))


def test_entries_of_one_place_are_summed_first() -> None:
    x = sparse.coo_array(([1.0, 2.0, -1.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    assert same_bits(gelu(x).toarray(), gelu(np.array([[0.0, 3.0], [-1.0, 0.0]])))
    assert x.nnz == 3
    index, pointer = np.array([1, 1, 0]), np.array([0, 2, 3])
    x = sparse.csr_array((np.array([1.0, 2.0, -1.0]), index, pointer), shape=(2, 2))
    assert same_bits(gelu(x).toarray(), gelu(np.array([[0.0, 3.0], [-1.0, 0.0]])))


def test_dtype() -> None:
    x = sparse.csr_array(dense("float64"))
    assert same_bits(gelu(x, dtype="f4").data, gelu(x.data, dtype="f4"))


def test_a_function_that_is_not_0_at_0_is_refused(ufunc: np.ufunc) -> None:
    assert gelu in KEEPING
    x = sparse.csr_array(dense())
    if ufunc in KEEPING:
        return
    with pytest.raises(TypeError, match=rf"^{ufunc.__name__} .*x\.toarray\(\)"):
        ufunc(*[x] * ufunc.nin)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: gelu(x, out=x),
        lambda x: gelu(x, where=x),
        lambda x: gelu(x.toarray(), out=x),
        lambda x: gelu(x, x),
        lambda x: gelu_simd.gelu_backward(x.toarray(), x),
    ],
)
def test_other_calls_are_refused(call: Callable) -> None:
    with pytest.raises(TypeError, match="takes a sparse array as its only input"):
        call(sparse.csr_array(dense()))


def test_any_order_of_imports() -> None:
    code = "import gelu_simd, scipy.sparse\nprint(gelu_simd.gelu(scipy.sparse.eye_array(3)).nnz)"
    assert output(code) == "3\n"


def test_transformer_of_scikit_learn() -> None:
    preprocessing = pytest.importorskip("sklearn.preprocessing", reason="needs scikit-learn")
    x = sparse.csr_array(dense())
    transformer = preprocessing.FunctionTransformer(gelu, accept_sparse=True, check_inverse=False)
    y = transformer.fit_transform(x)
    assert sparse.issparse(y)
    assert same_bits(y.toarray() + 0, gelu(x.toarray()) + 0)
    assert same_bits(transformer.transform(x.toarray()), gelu(x.toarray()))
