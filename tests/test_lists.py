"""The lists of functions and types in C and in Python agree, and nothing in them is forgotten.

A function of C's list without a record, reference, limit, figure, hash, docstring or stub fails
here by its name.
"""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from helpers import HASHES, dtype_of

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check import oracle
from gelu_simd._docs import DOCS
from gelu_simd._functions import ELEMENTARY, FUNCTIONS, TIERS
from gelu_simd._levels import BITS, GROUPS
from gelu_simd._measured import EXAMPLES, MEASURED
from gelu_simd._types import TYPES, finfo

LISTS = Path(__file__).parents[1] / "csrc" / "lists.h"
NAMES = [name for name, _, _ in _ufuncs.FUNCTIONS]
MODULES = {tier.module: importlib.import_module(tier.module) for tier in TIERS}

each_name = pytest.mark.parametrize("name", NAMES)


# ---- functions ----


def test_functions_are_those_of_c() -> None:
    rows = [(row.name, len(row.operands), len(row.results)) for row in FUNCTIONS.values()]
    assert rows == list(_ufuncs.FUNCTIONS)


def test_ufuncs_are_those_of_the_list() -> None:
    for name, inputs, outputs in _ufuncs.FUNCTIONS:
        row, ufunc = FUNCTIONS[name], _ufuncs.ufuncs[name]
        assert _ufuncs.records[ufunc] is row
        assert (ufunc.__name__, ufunc.nin, ufunc.nout) == (row.public, inputs, outputs)
        assert getattr(MODULES[row.tier.module], row.public) is ufunc
    for tier in TIERS:
        module, expected = MODULES[tier.module], list(_ufuncs.of_tier(tier))
        public = [name for name, value in vars(module).items() if isinstance(value, np.ufunc)]
        assert sorted(public) == sorted(expected)
        assert set(expected) <= set(module.__all__)


@each_name
def test_loops_are_those_of_the_record(name: str) -> None:
    installed = [dtype.name for dtype in _ufuncs.dtypes_of[name] if dtype.name in TYPES]
    assert installed == [
        dtype.name for dtype in _ufuncs.dtypes if dtype.name in FUNCTIONS[name].types
    ]


@pytest.mark.skipif(not LISTS.exists(), reason="csrc is not beside tests")
def test_tiers_are_those_of_c() -> None:
    rows = re.findall(r"X\((\w+), \d, \d, (\w+), context\)", LISTS.read_text(encoding="utf-8"))
    assert rows == [(row.name, row.tier.name) for row in FUNCTIONS.values()]


@each_name
def test_operands_have_names(name: str) -> None:
    names = [*FUNCTIONS[name].operands, *FUNCTIONS[name].results]
    assert len(set(names)) == len(names)


@each_name
def test_errors_are_defined(name: str) -> None:
    """By limits and a reference, or by the bits of elementary functions and NumPy's operations."""
    row = FUNCTIONS[name]
    if row.composition is None:
        assert name in ELEMENTARY
        assert row.operands == ("x",)
        assert row.limits is row.tier.limits
        assert [dtype for dtype in TYPES if dtype in row.types] == list(row.types)
        high, low, exponent = oracle.reference(name, np.ones(1))
        assert np.ldexp(high + low, exponent) == pytest.approx(float(oracle.exact(name, 1.0)))
    else:
        assert row.limits is None
        assert len(row.composition.expressions) == len(row.results)
        assert row.composition.factors
        for factor in row.composition.factors:
            assert factor in ELEMENTARY
            assert (FUNCTIONS[factor].form, FUNCTIONS[factor].tier) == (row.form, row.tier)


@each_name
def test_is_measured(name: str) -> None:
    groups = {group for function, _, group in MEASURED if function == name}
    assert groups == (set(GROUPS) if name in ELEMENTARY else set())
    for group in groups:
        assert {dtype for dtype in TYPES if (name, dtype, group) in MEASURED} == set(
            FUNCTIONS[name].types
        )


@each_name
def test_has_examples(name: str) -> None:
    assert any(
        re.match(rf">>> ([\w, ]+ = )?{FUNCTIONS[name].public}\(", line) for line in EXAMPLES[name]
    )


@each_name
def test_has_hashes(name: str) -> None:
    assert tuple(HASHES[name]) == FUNCTIONS[name].types


@each_name
def test_has_a_docstring(name: str) -> None:
    call, _, doc = _ufuncs.ufuncs[name].__doc__.partition("\n\n")
    assert FUNCTIONS[name].public in call
    assert doc == DOCS[name]


@each_name
def test_has_a_stub(name: str) -> None:
    row = FUNCTIONS[name]
    stub = Path(MODULES[row.tier.module].__file__).with_suffix(".pyi")
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    assert row.public in {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}


def test_nothing_else_is_recorded() -> None:
    assert {name for name, _, _ in MEASURED} == set(ELEMENTARY)
    for names in (HASHES, EXAMPLES, DOCS):
        assert sorted(names) == sorted(NAMES)


# ---- types ----


def test_types_are_those_of_c() -> None:
    rows = [(t.suffix, t.size, t.precision, t.least_exponent) for t in TYPES.values()]
    assert rows == list(_ufuncs.TYPES)


@pytest.mark.skipif(not LISTS.exists(), reason="csrc is not beside tests")
def test_lanes_are_those_of_c() -> None:
    """What C's list says only to the preprocessor."""
    rows = re.findall(r"X\((\w+), \w+, (\w+), \d+, context\)", LISTS.read_text(encoding="utf-8"))
    assert rows == [(row.suffix, TYPES[row.lane].suffix) for row in TYPES.values()]


@pytest.mark.parametrize("row", TYPES.values(), ids=lambda row: row.name)
def test_type_is_numpys(row) -> None:
    dtype = dtype_of(row.name)
    info = finfo(dtype)
    assert dtype.itemsize == row.size
    assert info.nmant + 1 == row.precision
    assert float(info.smallest_subnormal) == 2.0**row.least_exponent


def test_loops_are_those_of_the_types() -> None:
    names = [dtype.name for dtype in _ufuncs.dtypes]
    assert names == [name for name in TYPES if name in names]


# ---- levels ----


def test_levels() -> None:
    built = [name for name, _ in _ufuncs.LEVELS]
    assert gelu_simd.cpu_info()["built"] == built
    assert len(set(built)) == len(built)
    assert set(BITS.values()) <= set(GROUPS)
