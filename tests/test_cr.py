"""gelu_simd.cr: the hardest inputs, the proof and its reference, refused types, ways to call."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from helpers import (
    CORRECT_UFUNCS,
    HASHES,
    every_level,
    name_of,
    needs_bench,
    output,
    program,
    same_bits,
)
from mpmath import mp, mpf

import gelu_simd
from gelu_simd import _ufuncs, cr
from gelu_simd._check import oracle
from gelu_simd._check.bits import Array, bits
from gelu_simd._check.inputs import special, stratified
from gelu_simd._functions import CORRECT, ELEMENTARY, FUNCTIONS
from gelu_simd._levels import BITS, GROUPS, using
from gelu_simd._measured import MEASURED

F32 = np.dtype(np.float32)
NAMES = [name for name in ELEMENTARY if FUNCTIONS[name].tier is CORRECT]
BACKWARD = [name for name, row in FUNCTIONS.items() if row.tier is CORRECT and row.composition]
WORST = Path(__file__).with_name("worst.csv")

each_name = pytest.mark.parametrize("name", NAMES)
each_ufunc = pytest.mark.parametrize("ufunc", CORRECT_UFUNCS, ids=name_of)


def rows(name: str) -> list[dict[str, str]]:
    """Return the hardest inputs of a function, the hardest first."""
    with WORST.open(encoding="ascii", newline="") as file:
        return [row for row in csv.DictReader(file) if row["function"] == FUNCTIONS[name].public]


def floats(texts: list[str]) -> Array:
    return np.array([float.fromhex(text) for text in texts]).astype(F32)


# ---- the hardest inputs ----


@every_level
@each_name
def test_hardest_inputs(name: str) -> None:
    table = rows(name)
    assert len(table) == 100
    x, nearest = (floats([row[key] for row in table]) for key in ("x", "nearest"))
    assert np.unique(x).size == 100
    # At every place of a vector, and in its tail.
    got = _ufuncs.ufuncs[name](np.repeat(x, 67)).reshape(-1, 67)
    assert (bits(got) == bits(nearest)[:, np.newaxis]).all()


@each_name
def test_table_of_the_hardest_inputs(name: str) -> None:
    """By decimal arithmetic: the values, the numbers next to them, the distances."""
    distances = []
    for row in rows(name):
        x, nearest = (float.fromhex(row[key]) for key in ("x", "nearest"))
        exact = Decimal(row["exact"])
        assert abs(exact - oracle.exact(name, x)) <= abs(exact) * Decimal("1e-39")
        y = np.float32(nearest)
        below, above = (Decimal(float(np.nextafter(y, np.float32(to)))) for to in (-np.inf, np.inf))
        assert abs(exact - Decimal(nearest)) < min(abs(exact - below), abs(exact - above))
        other = below if abs(exact - below) < abs(exact - above) else above
        middle, ulp = (Decimal(nearest) + other) / 2, abs(Decimal(nearest) - other)
        assert float((exact - middle) / ulp) == pytest.approx(
            float(row["ulp_from_middle"]), rel=1e-3, abs=1e-12
        )
        distances.append(abs(float(row["ulp_from_middle"])))
    assert distances == sorted(distances)
    assert distances[-1] < 2.0**-17


# ---- the proof ----


@pytest.fixture
def prove() -> ModuleType:
    """Give bench/prove.py, which needs a C compiler."""
    module = program("prove")
    try:
        module.Reference(NAMES[0])
    except module.ProofError as error:
        pytest.skip(str(error))
    return module


@needs_bench
@each_name
def test_published_proof(name: str) -> None:
    """All inputs, no miss, by kernels of these bits; errors of the package that it publishes."""
    path = program("figures_proof").PROOF
    facts = json.loads(path.read_text(encoding="ascii"))[name]
    assert facts["bits"] == HASHES[name]["float32"]
    assert facts["inputs"] == 1 << 32
    assert facts["misses"] == 0
    assert set(facts["errors_of_the_faster_function"]) == set(GROUPS)
    if set(facts["levels"]) <= set(BITS):  # else they are another architecture's
        assert {BITS[level] for level in facts["levels"]} == set(GROUPS)
    first = rows(name)[0]
    assert (facts["hardest"]["x"], facts["hardest"]["nearest"]) == (first["x"], first["nearest"])
    # Otherwise bench/prove.py has measured an older kernel of the package's own.
    assert facts["bits_of_the_faster_function"] == HASHES[FUNCTIONS[name].public]["float32"]
    for group, error in facts["errors_of_the_faster_function"].items():
        published = MEASURED[FUNCTIONS[name].public, "float32", group]
        assert round(error["ulp"], 4) == published.error
        assert float.fromhex(error["x"]) == float.fromhex(published.x)


@needs_bench
@each_name
def test_reference_of_the_proof(name: str, prove: ModuleType) -> None:
    """Against 60 digits: near the root, in the tail, near 0, on both sides."""
    reference = prove.Reference(name)
    rng = np.random.default_rng(5)
    x = [
        stratified(name, F32, 600, 1),
        oracle.root(name) + rng.choice([-1, 1], 100) * np.exp2(rng.uniform(-24, -2, 100)),
        np.exp2(rng.uniform(-64, 3, 100)) * rng.choice([-1, 1], 100),
        (np.arange(-190, 190) + rng.choice([-0.5, 0.49], 380)) / 16,
    ]
    x = np.concatenate(x).astype(F32)
    x = x[np.isfinite(x) & (np.abs(x) >= 2.0**-64) & (np.abs(x) < reference.form.end)]
    assert x.size > 700
    for v, high, low in zip(x, *reference.values(x), strict=True):
        exact = prove.exact(name, float(v))
        with mp.workdps(60):
            error = abs((mpf(float(high)) + mpf(float(low))) / exact - 1)
        assert error < 2.0**-86, float(v).hex()


@needs_bench
@each_name
def test_proof_sees_what_is_wrong(name: str, prove: ModuleType) -> None:
    """A result that is off by one ULP, a wrong zero, a NaN; and nothing where all is right."""
    reference = prove.Reference(name)
    for first in (0x3F000000, 0xBF400000, 0xC1200000, 0x00000100, 0x7F7FF000, 0x80000000):
        x = np.arange(first, first + 1000, dtype=np.uint32).view(F32)
        right = _ufuncs.ufuncs[name](x)
        findings, _ = reference.check(first, right, [])
        assert not (findings["wrong"] != 0).any()
        for place, wrong in ((0, np.nan), (7, np.nextafter(right[7], np.float32(9)))):
            got = right.copy()
            got[place] = wrong
            findings, _ = reference.check(first, got, [])
            certain = findings[findings["wrong"] == prove.CERTAIN]
            assert bits(certain["x"]).tolist() == [first + place]


@needs_bench
@each_name
def test_proof_measures_other_errors(name: str, prove: ModuleType) -> None:
    beside = FUNCTIONS[name].public
    first = 0xBF800000
    x = np.arange(first, first + 100_000, dtype=np.uint32).view(F32)
    others = [_ufuncs.ufuncs[beside](x)]
    _, [largest] = prove.Reference(name).check(first, _ufuncs.ufuncs[name](x), others)
    error = oracle.ulp_error(beside, x, others[0])
    assert largest.error == pytest.approx(error.max(), abs=1e-5)
    assert largest.x == x[error.argmax()]


@needs_bench
def test_proof_goes_on_where_it_was_stopped(
    prove: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, file = NAMES[0], tmp_path / "proof.json"
    monkeypatch.setattr(prove, "BLOCK", 1 << 16)
    firsts = []
    block = prove.prove_block

    def counted(reference: object, function: str, first: int, state: dict) -> None:
        firsts.append(first)
        block(reference, function, first, state)
        if len(firsts) == 2:
            monkeypatch.setattr(prove, "FLOATS", 3 << 16)

    monkeypatch.setattr(prove, "prove_block", counted)
    monkeypatch.setattr(prove, "FLOATS", 2 << 16)
    for expected in ([0, 1 << 16], [0, 1 << 16, 2 << 16]):
        prove.prove([name], file)
        assert firsts[: len(expected)] == expected
    state = json.loads(file.read_text(encoding="utf-8"))[name]
    assert state["done"] == 3 << 16
    assert state["misses"] == []
    assert firsts == [0, 1 << 16, 2 << 16]


@needs_bench
@pytest.mark.exhaustive
@each_name
def test_every_input(name: str, prove: ModuleType, tmp_path: Path) -> None:
    assert prove.prove([name], tmp_path / "proof.json")


# ---- gradients ----


@every_level
@pytest.mark.parametrize("name", BACKWARD)
def test_gradients_round_the_product_once(name: str) -> None:
    x = np.append(special(F32), np.random.default_rng(3).uniform(-14, 14, 50_000)).astype(F32)
    dy = np.random.default_rng(4).normal(0, 3, x.size).astype(F32)
    [factor] = FUNCTIONS[name].composition.factors
    with np.errstate(all="ignore"):
        expected = dy * _ufuncs.ufuncs[factor](x)
        got = _ufuncs.ufuncs[name](dy, x)
    number = ~np.isnan(expected)
    assert same_bits(got[number], expected[number])
    assert np.isnan(got[~number]).all()


# ---- calls ----


@each_ufunc
@pytest.mark.parametrize(
    "refused",
    [1.5, 2, True, np.float64(1), np.ones(3), np.arange(3), np.ones(3, bool), [1.0, 2.0], [1, 2]],
    ids=repr,
)
def test_float64_and_integers_are_refused(ufunc: np.ufunc, refused: object) -> None:
    """The error says why, what to do and what else to call."""
    name = ufunc.__name__
    words = (
        rf"^ufunc 'gelu_simd\.cr\.{name}' does not (take|compute in) .*float32(,| and) float16.*\. "
        r"No correctly rounded results are known for float64, which integers, bool and Python's "
        rf"numbers count as: convert them to float32, or call gelu_simd\.{name}$"
    )
    with pytest.raises(TypeError, match=words) as caught:
        ufunc(*[refused] * ufunc.nin)
    assert type(caught.value) is TypeError
    for kwargs in ({"dtype": "f8"}, {"signature": f"{'d' * ufunc.nin}->d"}):
        with pytest.raises(TypeError, match=words):
            ufunc(*[np.ones(3, F32)] * ufunc.nin, **kwargs)


@each_ufunc
@pytest.mark.parametrize("refused", [1j, None, "1", np.longdouble(1), np.ones(2, object)], ids=repr)
def test_other_types_are_refused(ufunc: np.ufunc, refused: object) -> None:
    for args in ([refused] * ufunc.nin, [np.ones(2, F32)] * (ufunc.nin - 1) + [refused]):
        with pytest.raises(TypeError, match=rf"'gelu_simd\.cr\.{ufunc.__name__}' does not take "):
            ufunc(*args)


def test_python_numbers_follow_arrays() -> None:
    x = np.array([-1, 0.5, 3], F32)
    for number in (2, 1.5, True):
        assert same_bits(cr.gelu_backward(number, x), cr.gelu_backward(np.float32(number), x))
    assert cr.gelu_backward(np.float16(1), x).dtype == F32
    with pytest.raises(TypeError, match="does not take int64 and float32"):
        cr.gelu_backward(np.arange(3), x)


def test_a_cast_is_asked_for_by_dtype() -> None:
    x = np.linspace(-3, 3, 100)
    assert same_bits(cr.gelu(x, dtype="f4"), cr.gelu(x.astype(F32)))


@every_level
@each_ufunc
def test_strides_out_and_where(ufunc: np.ufunc) -> None:
    rng = np.random.default_rng(7)
    args = [rng.uniform(-9, 9, 5000).astype(F32) for _ in range(ufunc.nin)]
    expected = ufunc(*args)
    for n in (1, 7, 15, 16, 33, 1000):
        assert same_bits(ufunc(*(a[:n] for a in args)), expected[:n])
    for step in (2, 3, -1, -7):
        out = np.zeros(5000, F32)
        assert ufunc(*(a[::step] for a in args), out=out[::step]).base is out
        assert same_bits(out[::step], expected[::step])
    shifted = np.concatenate([np.zeros(1, F32), args[-1]])
    ufunc(*args[:-1], shifted[1:], out=shifted[:-1])
    assert same_bits(shifted[:-1], expected)
    where, out = rng.random(5000) < 0.5, np.full(5000, 7, F32)
    ufunc(*args, out=out, where=where)
    assert same_bits(out, np.where(where, expected, np.float32(7)))
    wide = np.empty(5000)
    assert np.array_equal(ufunc(*args, out=wide), expected.astype(float))


@each_ufunc
def test_threads_give_the_same_bits(ufunc: np.ufunc) -> None:
    x = np.random.default_rng(8).uniform(-9, 9, 1_000_003).astype(F32)
    level, counts = gelu_simd.cpu_info()["isa"], (1, 2, 5)
    results = []
    for threads in counts:
        with using(level, threads=threads):
            results.append(ufunc(*[x] * ufunc.nin))
    assert all(same_bits(y, results[0]) for y in results)


@each_name
def test_levels_agree_in_float32(name: str) -> None:
    """Whatever their arithmetic is: there is one nearest number."""
    x = stratified(name, F32, 300_000, 2)
    results = []
    for level in gelu_simd.cpu_info()["available"]:
        assert level in BITS
        with using(level), np.errstate(all="ignore"):
            results.append(_ufuncs.ufuncs[name](x))
    number = ~np.isnan(x)
    assert all(same_bits(y[number], results[0][number]) for y in results)


def test_package_imports_it() -> None:
    assert output("import gelu_simd; print(gelu_simd.cr.gelu.__name__)") == "gelu\n"
    assert output("from gelu_simd.cr import gelu; print(gelu.types)") == "['f->f', 'e->e']\n"
    assert cr.gelu is not gelu_simd.gelu
