"""The committed coefficients are what their generator writes, and exact in their types."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gelu_simd._check import inputs as _inputs

FOLDER = Path(__file__).parents[1] / "csrc" / "coeffs"
HEADER = FOLDER / "gelu_coeffs.h"
GENERATOR = FOLDER / "generate.py"

pytestmark = pytest.mark.skipif(not GENERATOR.exists(), reason="csrc is not beside tests")

# Hexadecimal with at most the 13 digits of a double, so that float.fromhex is exact.
LITERAL = re.compile(r"(-?0x1(?:\.[0-9a-f]{1,13})?p[+-]\d+|0\.0)(f?)")
ARRAY = re.compile(r"GELU_COEFFS_(F32|F64)\((\w+), (\d+)\) = \{([^}]*)\};")
SCALAR = re.compile(r"#define (F32|F64|HALF)_(\w+) (.*)")

# The computation that the prefix of a name says it belongs to, all but one in float32.
WIDTHS = {"f32": "F32", "f64": "F64", "f16": "F32", "bf16": "F32", "half": "F32"}


def test_header_is_what_the_generator_writes() -> None:
    command = [sys.executable, GENERATOR, "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_quotient_is_that_of_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """half.py checks with the number that v_quotient guesses a reciprocal by."""
    monkeypatch.syspath_prepend(FOLDER)
    half = importlib.import_module("half")
    simd = "".join(path.read_text(encoding="utf-8") for path in (FOLDER.parent / "simd").iterdir())
    [guess] = re.findall(r"guess = float_from_bits\((0x\w+) - bits_f32\(b\)\)", simd)
    assert int(guess, 16) == half.RECIPROCAL


def test_a_changed_digit_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without generating anew: that takes long."""
    text = HEADER.read_text(encoding="ascii")
    header = tmp_path / HEADER.name
    monkeypatch.syspath_prepend(FOLDER)
    generator = importlib.import_module(GENERATOR.stem)
    monkeypatch.setattr(generator, "generate", lambda: text)
    monkeypatch.setattr(generator, "HEADER", header)
    monkeypatch.setattr(sys, "argv", [GENERATOR.name, "--check"])
    header.write_text(text, encoding="ascii")
    assert generator.main() == 0
    *_, last = re.finditer(r"[0-9a-f](?=p[+-]\d)", text)
    changed = text[: last.start()] + ("1" if last[0] != "1" else "2") + text[last.end() :]
    header.write_text(changed, encoding="ascii")
    assert generator.main() == 1
    assert header.name in capsys.readouterr().err
    assert header.read_text(encoding="ascii") == changed


def assert_exact(literal: str, width: str) -> None:
    match = LITERAL.fullmatch(literal)
    assert match, literal
    value = float.fromhex(match[1])
    assert np.isfinite(value)
    if width == "F32":
        assert match[2] == "f", literal
        assert float(np.float32(value)) == value, literal
    else:
        assert match[2] == "", literal


def test_literals_are_exact_in_their_types() -> None:
    text = HEADER.read_text(encoding="ascii")
    arrays, scalars = ARRAY.findall(text), SCALAR.findall(text)
    assert arrays
    assert scalars
    literals = [(WIDTHS[prefix.lower()], literal) for prefix, _, literal in scalars]
    for width, name, count, body in arrays:
        assert WIDTHS[name.partition("_")[0]] == width
        assert len(body.split(",")) == int(count), name
        literals += [(width, literal.strip()) for literal in body.split(",")]
    for width, literal in literals:
        assert_exact(literal, width)
    assert len(literals) == len(re.findall(r"0x1|\b0\.0f?\b", text))  # none is overlooked


WIDTH = {"F32": np.float32, "F64": np.float64}


@pytest.mark.parametrize(
    ("function", "form", "width"),
    [
        ("gelu_tanh_grad", "TANH_GRAD", "F32"),
        *(("quick_gelu_grad", "QUICK_GRAD", width) for width in WIDTH),
        ("gelu_tanh_grad2", "TANH_GRAD2", "F64"),
    ],
)
def test_inputs_lie_at_the_limits_of_the_polynomial_around_the_root(
    function: str, form: str, width: str
) -> None:
    scalars = {
        name: value for prefix, name, value in SCALAR.findall(HEADER.read_text()) if prefix == width
    }
    root, near = (float.fromhex(scalars[f"{form}_{name}"].rstrip("f")) for name in ("ROOT", "NEAR"))
    x = -_inputs.edges(function, np.dtype(WIDTH[width])).astype(float)
    for limit in (root - near, root + near):
        assert (x < limit)[abs(x - limit) < 1e-5].any()
        assert (x > limit)[abs(x - limit) < 1e-5].any()
