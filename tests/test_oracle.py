"""The oracle against mpmath, and its error in ULP against cases worked out by hand."""

import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose, assert_array_equal

from gelu_simd._check import oracle
from gelu_simd._functions import ELEMENTARY, FUNCTIONS
from gelu_simd._types import finfo

VALUES, DERIVATIVES, SECOND = (
    [name for name in ELEMENTARY if FUNCTIONS[name].order == order] for order in (0, 1, 2)
)

# Where -x is clamped, and where the last non-zero results are.
CLAMP = {
    np.float32: {name: oracle._FORMS[FUNCTIONS[name].form].end[0] for name in ELEMENTARY},
    np.float64: {name: oracle._FORMS[FUNCTIONS[name].form].end[1] for name in ELEMENTARY},
}
TAILS = {
    np.float32: {"exact": -14.356, "tanh": -10.775, "quick": -63.07},
    np.float64: {"exact": -38.58, "tanh": -21.8, "quick": -440.9},
}


@pytest.fixture(autouse=True)
def precision():
    """Digits enough for the derivatives next to their roots, where 17 are lost."""
    with mp.workdps(80), np.errstate(all="raise"):
        yield


def definition(function: str, x: float) -> mpf:
    """The formulas of the package's documentation, as they stand there."""
    row = FUNCTIONS[function]
    return DEFINITIONS[row.form](mpf(float(x)))[row.order]


def exact_form(x: mpf) -> tuple[mpf, ...]:
    cdf, density = mp.erfc(-x / mp.sqrt(2)) / 2, mp.npdf(x)
    return x * cdf, cdf + x * density, density * (2 - x**2)


def logistic_form(x: mpf, v: mpf, slope: mpf, bend: mpf) -> tuple[mpf, ...]:
    """x sigma(v), v' = slope, v'' = bend."""
    sigma, opposite = 1 / (1 + mp.exp(-v)), 1 / (1 + mp.exp(v))
    second = 2 * slope + x * bend + x * slope**2 * (opposite - sigma)
    return x * sigma, sigma + x * sigma * opposite * slope, sigma * opposite * second


def tanh_form(x: mpf) -> tuple[mpf, ...]:
    k = mp.sqrt(2 / mp.pi)
    c = mpf("0.044715")
    return logistic_form(x, 2 * k * (x + c * x**3), 2 * k * (1 + 3 * c * x**2), 2 * k * 6 * c * x)


def quick_form(x: mpf) -> tuple[mpf, ...]:
    k = mpf("1.702")
    return logistic_form(x, k * x, k, mpf(0))


# The value and its derivatives, by form.
DEFINITIONS = {"exact": exact_form, "tanh": tanh_form, "quick": quick_form}


def value(high: float, low: float, exponent: int) -> mpf:
    return mp.ldexp(mpf(float(high)) + mpf(float(low)), int(exponent))


def relative_error(function: str, x: np.ndarray) -> float:
    high, low, exponent = oracle.reference(function, x)
    assert (abs(low) <= abs(np.spacing(high))).all()
    worst = mpf(0)
    for x_i, *result in zip(x, high, low, exponent, strict=True):
        worst = max(worst, abs(value(*result) / definition(function, x_i) - 1))
    return float(worst)


def neighbours(x: list[float], dtype: type, count: int) -> np.ndarray:
    """Return x rounded to dtype, and the `count` numbers on either side of it."""
    bits = f"i{np.dtype(dtype).itemsize}"
    steps = np.arange(-count, count + 1, dtype=bits)
    return (np.array(x, dtype)[:, None].view(bits) + steps).view(dtype).ravel()


def inputs(part: str, function: str, dtype: type) -> np.ndarray:
    rng = np.random.default_rng(20240229)
    clamp = CLAMP[dtype][function]
    tiny = np.finfo(dtype).smallest_subnormal
    if part == "all binades":
        bits = np.dtype(f"u{np.dtype(dtype).itemsize}")
        x = rng.integers(0, np.iinfo(bits).max, 600, bits, endpoint=True).view(dtype)
        x = x[np.isfinite(x) & (x != 0) & (x >= -clamp)]
    elif part == "centre":
        x = rng.uniform(-4, 4, 400)
    elif part == "negative":
        x = rng.uniform(-clamp, 0, 400)
    elif part == "root":
        root = oracle.root(function)
        near = root + np.exp2(rng.uniform(-50, -3, 200)) * rng.choice([-1, 1], 200)
        x = np.concatenate([neighbours([root], dtype, 20), near])
    elif part == "tail":
        end = TAILS[dtype][FUNCTIONS[function].form]
        x = np.concatenate([neighbours([end], dtype, 20), rng.uniform(end, end + 2, 100)])
    elif part == "nodes":  # and the boundaries half-way between them, those of 3/4 included
        per_unit = 2 * oracle._NODES_PER_UNIT
        root = round(-oracle.root(function) * per_unit)
        k = np.append(rng.integers(1, clamp * per_unit, 40), [1, *range(root - 2, root + 2)])
        t = np.concatenate([k, k + 1]) / per_unit
        x = neighbours([*-t[t < clamp], *t], dtype, 1)
    elif part == "small":
        threshold = 2.0**-32
        x = neighbours([-threshold, threshold], dtype, 3)
        x = np.concatenate([x, tiny * np.array([1, 2, 3, 12345, -1, -2, -3, -12345], dtype)])
    elif part == "large":
        x = neighbours([9, 16, 40, 64, 1e30, np.finfo(dtype).max / 2], dtype, 2)
    x = x.astype(dtype)
    # Second derivatives vanish on both sides: beyond the clamp the reference is 0.
    return x[np.abs(x) <= clamp] if function in SECOND else x


PARTS = ("all binades", "centre", "negative", "root", "tail", "nodes", "small", "large")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("function", ELEMENTARY)
def test_pairs_of_float64_have_83_bits(function: str, part: str) -> None:
    assert relative_error(function, inputs(part, function, np.float64)) < 2.0**-83


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("function", ELEMENTARY)
def test_float32_inputs_are_evaluated_to_44_bits(function: str, part: str) -> None:
    assert relative_error(function, inputs(part, function, np.float32)) < 2.0**-44


@pytest.mark.parametrize("function", ELEMENTARY)
def test_exact_has_60_digits(function: str) -> None:
    edge = [-10, np.nextafter(-10, 0), -38.6, -1e3, -5e-324, 5e-324]
    edge += [] if function in SECOND else [1e308]  # whose tail is below the least Decimal
    for x in [
        *neighbours([oracle.root(function)], np.float64, 2),
        *edge,
        *np.arange(-40, 10),
    ]:
        truth = definition(function, x)
        assert abs(mpf(str(oracle.exact(function, x))) - truth) <= abs(truth) * mpf("5.1e-60"), x


def test_exact_underflows_to_zero_and_takes_scalars_of_any_float_type() -> None:
    assert oracle.exact("gelu", -1e308) == 0
    assert oracle.exact("gelu_tanh_grad", -1e308) == 0
    assert oracle.exact("gelu", np.float32(0.1)) == oracle.exact("gelu", float(np.float32(0.1)))


def test_the_series_at_zero_starts_from_one_half() -> None:
    for function in VALUES + DERIVATIVES:
        table = oracle._table(function)
        assert table.high[0, 0] == 0.5
        assert table.low[0, 0] == 0


# ---------------------------------------------------------------------------------------------
# The error in ULP

# What an error is that exceeds 1/2 by too little for a float64.
MORE_THAN_HALF = np.nextafter(0.5, 1)

# Bound of the distance between an exact result and the number next to it.
NOTHING = 1e-30


def ulp(exact: mpf, dtype: type) -> mpf:
    """The distance between neighbouring numbers of dtype at |exact|, from its definition."""
    info = np.finfo(dtype)
    binade = int(mp.floor(mp.log(abs(exact), 2)))
    binade += int(abs(exact) >= mp.ldexp(1, binade + 1)) - int(abs(exact) < mp.ldexp(1, binade))
    return max(mp.ldexp(1, binade - info.nmant), mpf(float(info.smallest_subnormal)))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("function", ELEMENTARY)
def test_error_follows_its_definition(function: str, dtype: type) -> None:
    rng = np.random.default_rng(3)
    end = min(30.0, CLAMP[np.float64][function])
    x = np.concatenate([rng.uniform(-end, 10, 100), rng.uniform(-1, -0.5, 60)]).astype(dtype)
    high, _, exponent = oracle.reference(function, x)
    with np.errstate(under="ignore"):
        got = np.ldexp(high, exponent).astype(dtype)
        offset = rng.integers(-3, 4, x.size).astype(dtype) * np.spacing(got)
    got = np.where(np.signbit(got + offset) == np.signbit(got), got + offset, got)
    expected = []
    for x_i, got_i in zip(x, got, strict=True):
        truth = definition(function, x_i)
        expected.append(float(abs(mpf(float(got_i)) - truth) / ulp(truth, dtype)))
    expected = np.array(expected)
    assert got.dtype == dtype
    assert expected.max() > 2
    assert_allclose(oracle.ulp_error(function, x, got), expected, 0, 2.0**-20)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("function", DERIVATIVES)
def test_half_an_ulp_is_half_an_ulp(function: str, dtype: type) -> None:
    # The derivatives are exactly 1/2 at 0, where the binade above begins.
    half = dtype(0.5)
    above, below = np.nextafter(half, dtype(1)), np.nextafter(half, dtype(0))
    got = np.array([half, above, below], dtype)
    for zero in (0.0, -0.0):
        x = np.full(3, zero, dtype)
        assert_array_equal(oracle.ulp_error(function, x, got), [0, 1, 0.5])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("function", DERIVATIVES)
def test_just_below_one_half_the_ulp_is_that_of_the_binade_below(function, dtype) -> None:
    half = dtype(0.5)
    got = np.array([half, np.nextafter(half, dtype(1)), np.nextafter(half, dtype(0))], dtype)
    tiny = np.finfo(dtype).smallest_subnormal
    tolerance = 2 * float(tiny / np.spacing(half)) + NOTHING  # exact is 1/2 -+ 0.8 tiny
    error = oracle.ulp_error(function, np.full(3, -tiny), got)
    assert_allclose(error, [0, 2, 1], 0, tolerance)
    error = oracle.ulp_error(function, np.full(3, tiny), got)
    assert_allclose(error, [0, 1, MORE_THAN_HALF], 0, tolerance)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("function", VALUES)
def test_results_for_large_x_lie_just_below_x(function: str, dtype: type) -> None:
    for x in (dtype(64), dtype(2.0**15)):
        got = [x, np.nextafter(x, dtype(0)), np.nextafter(x, dtype(np.inf))]
        error = oracle.ulp_error(function, np.full(3, x), np.array(got))
        assert_allclose(error, [0, 1, 2], 0, NOTHING)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("function", DERIVATIVES)
def test_derivatives_for_large_x_lie_just_above_one(function: str, dtype: type) -> None:
    one = dtype(1)
    got = np.array([one, np.nextafter(one, dtype(0)), np.nextafter(one, dtype(2))])
    x = np.full(3, np.finfo(dtype).max)
    assert_allclose(oracle.ulp_error(function, x, got), [0, MORE_THAN_HALF, 1], 0, NOTHING)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("function", VALUES)
def test_next_to_overflow(function: str, dtype: type) -> None:
    x = np.finfo(dtype).max
    got = np.array([x, np.nextafter(x, dtype(0)), np.inf, -x], dtype)
    error = oracle.ulp_error(function, np.full(4, x), got)
    assert_allclose(error, [0, 1, np.inf, 2.0 ** (np.finfo(dtype).nmant + 2) - 2], 1e-15, NOTHING)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("function", VALUES)
def test_below_the_normal_range_the_ulp_is_the_smallest_subnormal(function, dtype) -> None:
    # gelu(x) = x / 2 (1 + c x): next to x / 2 the second term is far below one subnormal.
    tiny = np.finfo(dtype).smallest_subnormal
    x = tiny * np.array([1, 1, 3, 3, 3, 40, -1, -1, -3, -3], dtype)
    got = tiny * np.array([0, 1, 1, 2, 3, 20, -0.0, -1, -1, -2], dtype)
    expected = [0.5, 0.5, 0.5, 0.5, 1.5, 0, 0.5, 0.5, 0.5, 0.5]
    assert_allclose(oracle.ulp_error(function, x, got), expected, 0, 1e-4)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("function", ELEMENTARY)
def test_special_values(function: str, dtype: type) -> None:
    info = np.finfo(dtype)
    order = FUNCTIONS[function].order
    table = [
        (np.nan, np.nan),
        (np.inf, [np.inf, 1.0, -0.0][order]),
        (-np.inf, -0.0),
        *([] if order else [(0.0, 0.0), (-0.0, -0.0)]),
    ]
    tiny = info.smallest_subnormal
    results = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, info.max, tiny, -tiny]
    for x, right in table:
        got = np.array(results, dtype)
        expected = [0.0 if repr(dtype(g)) == repr(dtype(right)) else np.inf for g in got]
        assert expected.count(0.0) == 1
        assert_array_equal(oracle.ulp_error(function, np.full(len(got), x, dtype), got), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("function", ELEMENTARY)
def test_vanishing_tail(function: str, dtype: type) -> None:
    info = np.finfo(dtype)
    tiny = info.smallest_subnormal
    for x in (dtype(oracle.end(function)), dtype(-1000), info.min):
        got = np.array([-0.0, 0.0, -tiny, np.nan, np.inf, -np.inf], dtype)
        error = oracle.ulp_error(function, np.full(6, x), got)
        assert error[0] < 2.0**-18
        assert error[2] == pytest.approx(1, abs=2.0**-18)
        assert_array_equal(error[[1, 3, 4, 5]], np.inf)


@pytest.mark.parametrize("function", ELEMENTARY)
def test_wrong_results_for_finite_x(function: str) -> None:
    got = np.array([np.nan, np.inf, -np.inf, -0.0], np.float32)
    assert_array_equal(oracle.ulp_error(function, np.ones(4, np.float32), got), np.inf)
    # A wrong sign of a result that is not zero is counted, not condemned.
    assert np.isfinite(oracle.ulp_error(function, np.float32([1]), np.float32([-1])))


def test_result_type_decides_the_ulp() -> None:
    x = np.zeros(1, np.float32)
    got = 0.5 + 2.0**-11
    assert_array_equal(oracle.ulp_error("gelu_grad", x, np.array([got], np.float16)), 1)
    assert_array_equal(oracle.ulp_error("gelu_grad", x, np.array([got], np.float32)), 2**13)
    assert_array_equal(oracle.ulp_error("gelu_grad", x, np.array([got], np.float64)), 2**42)


def test_float64_results_of_float32_inputs_are_judged_by_pairs() -> None:
    x = np.linspace(-5, 5, 101, dtype=np.float32)
    high, _, exponent = oracle.reference("gelu", x.astype(np.float64))
    assert oracle.ulp_error("gelu", x, np.ldexp(high, exponent)).max() <= 0.5


def test_bfloat16() -> None:
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    x = np.array([0, 0, -1e-38, -np.inf, np.nan], bfloat16)
    got = np.array([0.5, 0.5 + 2.0**-8, 0.5 - 2.0**-9, -0.0, np.nan], bfloat16)
    assert_array_equal(oracle.ulp_error("gelu_grad", x, got), [0, 1, 1, 0, 0])
    smallest = np.array([2.0**-133], bfloat16)
    assert_allclose(oracle.ulp_error("gelu", smallest, smallest), 0.5, 1e-6)


@pytest.mark.parametrize("function", VALUES)
def test_next_to_a_tie_the_side_decides(function: str, dtype: np.dtype) -> None:
    """x / 2 (1 + c x) of odd multiples x of the smallest subnormal, negative ones last."""
    tiny = float(finfo(dtype).smallest_subnormal)
    odd = np.array([1.0, 3, 5, 101, 127])
    up, down = np.ceil(odd / 2), np.floor(odd / 2)
    x, nearer, farther = (
        (tiny * np.append(positive, negative)).astype(dtype)
        for positive, negative in ((odd, -odd), (up, -down), (down, -up))
    )
    right, wrong = (oracle.ulp_error(function, x, got) for got in (nearer, farther))
    assert (right <= 0.5).all()
    assert (wrong > 0.5).all()
    assert_allclose([right, wrong], 0.5, 0, 2.0**-11)


# ---------------------------------------------------------------------------------------------
# Arrays


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_shapes_strides_and_blocks(dtype: type) -> None:
    x = np.linspace(-6, 6, 2 * (2 * oracle._BLOCK + 3)).astype(dtype)
    original = x.copy()
    strided = x[::2].reshape(-1, 5)[:, ::-1]
    assert strided.size > oracle._BLOCK
    got = strided + dtype(0.25)
    error = oracle.ulp_error("gelu", strided, got)
    assert error.shape == strided.shape
    assert error.dtype == np.float64
    one_by_one = [oracle.ulp_error("gelu", a, b) for a, b in zip(strided[0], got[0], strict=True)]
    assert_array_equal(error[0], one_by_one)
    assert all(part.shape == strided.shape for part in oracle.reference("gelu", strided))
    assert oracle.ulp_error("gelu", x[:0], x[:0]).shape == (0,)
    assert_array_equal(x, original)


def test_refused_arguments() -> None:
    x = np.zeros(2)
    with pytest.raises(ValueError, match="gelu_tanh_grad"):
        oracle.reference("relu", x)
    with pytest.raises(ValueError, match="shape"):
        oracle.ulp_error("gelu", x, np.zeros(3))
    with pytest.raises(TypeError, match="int64"):
        oracle.ulp_error("gelu", np.zeros(2, np.int64), x)
