"""The published errors: README and comments say what `_limits` and `_measured` hold.

`python tests/test_figures.py [FILE ...]` writes them anew, having taken over the results in FILE,
which `python -m gelu_simd verify --exhaustive --json` printed.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import DTYPES, FUNCTIONS, INFO

from gelu_simd._check import examine
from gelu_simd._docs import decimal, inputs
from gelu_simd._functions import CORRECTLY_ROUNDED, limit
from gelu_simd._levels import BITS
from gelu_simd._measured import Largest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DATA = ROOT / "src" / "gelu_simd" / "_measured.py"
MATHS = {
    dtype: sorted((ROOT / "csrc" / "maths").glob(f"*_{suffix}.inc"))
    for dtype, suffix in (("float32", "f32"), ("float64", "f64"))
}
GROUPS = ("fused", "portable")

BEGIN = "<!-- Written by tests/test_figures.py. -->\n"
END = "<!-- End of what it wrote. -->\n"

Measured = dict[tuple[str, str, str], Largest]

pytestmark = pytest.mark.skipif(not README.exists(), reason="the sources are not beside tests")


def data(measured: Measured) -> str:
    """Return `measured` as the module that holds it."""
    text, _, _ = DATA.read_text(encoding="utf-8").partition("MEASURED: ")
    text += "MEASURED: dict[tuple[str, str, str], Largest] = {\n"
    for key, (error, x, number) in measured.items():
        text += f'    {key}: Largest({error:.4f}, "{x}", {number}),\n'.replace("'", '"')
    return text + "}\n"


def update(measured: Measured, report: str) -> Measured:
    """Return `measured` with the results of a report in their place, by type and function."""
    found = json.loads(report)["results"]
    if not all(result["ok"] for result in found):
        raise ValueError("the report has missed limits")
    new = {
        (result["function"], result["dtype"], BITS[result["level"]]): Largest(
            round(result["max_ulp"], 4), result["at"]["x"], result["inputs"]
        )
        for result in found
        if result["function"] in FUNCTIONS
    }

    for key, largest in new.items():
        if key in measured and largest.inputs < measured[key].inputs:
            raise ValueError(f"{key} has had {measured[key].inputs} inputs, not {largest.inputs}")

    def place(key: tuple[str, str, str]) -> tuple[bool, str, int, str]:
        function, dtype, levels = key
        return dtype.endswith("16"), dtype, FUNCTIONS.index(function), levels

    return {key: (measured | new)[key] for key in sorted(measured | new, key=place)}


def table(measured: Measured) -> str:
    """Return the README's table: a row for each function, or for all where they say the same."""
    rows = ["| | | inputs | AVX-512, AVX2 | at x = | plain C | at x = | limit |"]
    rows.append("|---" * 8 + "|")
    for function, dtype in dict.fromkeys(key[:2] for key in measured):
        name, cells = f"`{function}`", inputs(dtype, measured[function, dtype, "fused"])
        for levels in GROUPS:
            error = measured[function, dtype, levels].error
            at = decimal(dtype, measured[function, dtype, levels]).replace("-", "−")
            found = f"{error:.2f} | {at}"
            if error <= CORRECTLY_ROUNDED:
                name, found = "all four", "correctly rounded |"
            cells += f" | {found}"
        rows.append(f"| {name} | {dtype} | {cells} | {limit(function, dtype):.1f} |")
    return "\n".join(dict.fromkeys(rows)) + "\n"


def readme(text: str, measured: Measured) -> str:
    """Return the README with its table up to date."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table(measured) + END + after


def comments(dtype: str, measured: Measured) -> dict[Path, str]:
    """Return the sources of a type's maths with the errors in their comments up to date."""
    texts = {path: path.read_text(encoding="utf-8") for path in MATHS[dtype]}
    for function in FUNCTIONS:
        fused, portable = (measured[function, dtype, levels] for levels in GROUPS)
        other = f"portable {portable.error:.2f} at {portable.x}."
        if portable[:2] == fused[:2]:
            other = "portable the same."
        new = (
            f" * Max error over {inputs(dtype, fused)} inputs: {fused.error:.2f} ULP at {fused.x};"
        )
        new += (" " if len(new + other) < 100 else "\n * ") + other + "\n"
        end = rf" \*/\nV_INLINE \w+ {function}_f{dtype[-2:]}\("
        comment = re.compile(rf" \* Max error over [^/]*(?={end})")
        [path] = (path for path, text in texts.items() if comment.search(text))
        texts[path] = comment.sub(lambda _, s=new: s, texts[path])
    return texts


def stored() -> Measured:
    return runpy.run_path(str(DATA))["MEASURED"]


def test_readme() -> None:
    text = README.read_text(encoding="utf-8")
    assert readme(text, stored()) == text


@pytest.mark.parametrize("dtype", MATHS)
def test_comments(dtype: str) -> None:
    for path, text in comments(dtype, stored()).items():
        assert path.read_text(encoding="utf-8") == text


def test_data() -> None:
    assert data(stored()) == DATA.read_text(encoding="utf-8")


def test_every_limit_has_its_figure(function: str, dtype: np.dtype, isa: str) -> None:
    """The figure is within the limit, and is what the kernels give at its input."""
    error, x, number = stored()[function, dtype.name, BITS[isa]]
    assert error <= limit(function, dtype.name)
    assert number >= min(10**8, 1 << 8 * dtype.itemsize)
    block = np.array([float.fromhex(x)], dtype)
    [found] = examine.examine(function, [isa], lambda: block, 0)
    assert found.error == pytest.approx(error, abs=1e-4)


def test_report_is_taken_over(capsys: pytest.CaptureFixture[str]) -> None:
    from gelu_simd._cli.screens import verify

    level = INFO["available"][0]
    verify(["gelu", "gelu_backward"], DTYPES[:1], [level], 1000, exhaustive=False, json_file="-")
    report = capsys.readouterr().out
    old = ("gelu_tanh", "float32", "fused"), Largest(1.0, "0x1p-1", 7)
    found = update(dict([old]), report)
    key = "gelu", DTYPES[0].name, BITS[level]
    assert found.keys() == {old[0], key}
    [result] = examine.check("gelu", DTYPES[0], [level], 1000)
    assert found[key].error == round(result.found.error, 4)
    assert found[key].inputs == result.found.inputs
    assert float.fromhex(found[key].x) == result.found.at[0]
    with pytest.raises(ValueError, match="missed"):
        update({}, report.replace('"ok": true', '"ok": false'))
    more = found[key]._replace(inputs=found[key].inputs + 1)
    with pytest.raises(ValueError, match=f"has had {more.inputs} inputs"):
        update({key: more}, report)


if __name__ == "__main__":
    figures = stored()
    for path in map(Path, sys.argv[1:]):
        figures = update(figures, path.read_text(encoding="utf-8"))
    new_texts = {DATA: data(figures), README: readme(README.read_text(encoding="utf-8"), figures)}
    for dtype_name in MATHS:
        new_texts |= comments(dtype_name, figures)
    for path, new_text in new_texts.items():
        path.write_text(new_text, encoding="utf-8")
