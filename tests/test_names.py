"""No code parses a name, compares a level with one, or counts bytes to learn what a thing is.

What a function, a type or a level is stands in the lists: `_functions`, `_types`, `_levels`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gelu_simd import _ufuncs
from gelu_simd._functions import FUNCTIONS
from gelu_simd._types import TYPES

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for top in ("src", "tests", "bench", "csrc")
    for path in (ROOT / top).rglob("*.py")
    if path != Path(__file__)
)

# What tests may do: look for a type in a result; the tests of the levels, for a level.
ALLOWED = {
    "compares the name of a type": r"tests/.*",
    "compares a level": r"tests/test_(dispatch|sources)\.py",
}

FUNCTION_NAMES = set(FUNCTIONS)
PARTS = {part for name in FUNCTIONS for part in name.split("_")}
LEVELS = {name for name, _ in _ufuncs.LEVELS} | {"avx2", "avx512", "neon", "portable"}
PARSERS = {
    "startswith", "endswith", "removeprefix", "removesuffix", "replace", "partition", "rpartition",
    "split", "rsplit", "find", "rfind", "index", "count",
}  # fmt: skip


def is_part(text: object) -> bool:
    """Tell whether a text is a piece of functions' names, and no whole name."""
    return isinstance(text, str) and text not in FUNCTION_NAMES and text.strip("_") in PARTS


def constants(node: ast.expr) -> list[object]:
    """Return what a literal holds: itself, or the elements of a tuple, list or set."""
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return [value for element in node.elts for value in constants(element)]
    return []


def attribute(node: ast.expr) -> str | None:
    """Return the name of an attribute, None for another expression."""
    return node.attr if isinstance(node, ast.Attribute) else None


def faults(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the kind of each fault."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and attribute(node.func) in PARSERS:
            texts = [text for arg in node.args[:1] for text in constants(arg)]
            if any(is_part(text) or text in LEVELS | {*TYPES} for text in texts):
                yield node.lineno, "parses a name"
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        texts = [text for side in sides for text in constants(side)]
        attributes = {attribute(side) for side in sides}
        if any(text in LEVELS for text in texts):
            yield node.lineno, "compares a level"
        if any(text in TYPES for text in texts if isinstance(text, str)):
            yield node.lineno, "compares the name of a type"
        if any(map(is_part, texts)) and not attributes & {"form", "operands"}:
            yield node.lineno, "parses a name"
        if "itemsize" in attributes and any(isinstance(text, int) for text in texts):
            yield node.lineno, "counts bytes"


@pytest.mark.parametrize(
    "code",
    [
        '"tanh" in name', 'name.endswith("grad")', 'name.replace("_backward", "_grad")',
        'level == "portable"', 'level in ("avx2", "neon")', "dtype.itemsize == 2",
        "2 < x.dtype.itemsize", 'dtype.name == "bfloat16"', 'name.removesuffix("_grad")',
        'name[-4:] == "grad"', 'ufunc.__name__.startswith(("gelu_tanh_", "tanh"))',
    ],
)  # fmt: skip
def test_faults_are_recognised(code: str) -> None:
    assert list(faults(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        'row.form == "tanh"', '"bias" in row.operands',
        'name == "gelu_tanh"', 'name in ("gelu", "gelu_backward")',
        "8 * dtype.itemsize", "a.itemsize == b.itemsize", 'text.startswith("gelu_simd: ")',
        'group == "fused"', 'TYPES["float16"].enumerable', "dtype == np.float16",
    ],
)  # fmt: skip
def test_other_code_is_no_fault(code: str) -> None:
    assert not list(faults(ast.parse(code)))


@pytest.mark.skipif(not (ROOT / "src").exists(), reason="the sources are not beside tests")
def test_sources() -> None:
    errors = []
    for path in FILES:
        name = path.relative_to(ROOT).as_posix()
        for line, kind in faults(ast.parse(path.read_text(encoding="utf-8"))):
            if kind not in ALLOWED or not re.fullmatch(ALLOWED[kind], name):
                errors.append(f"{name}:{line} {kind}")
    assert errors == []
