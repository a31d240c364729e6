"""The published errors and examples: _measured.py, README's table, the comments of the maths."""

import json
import re
import runpy
from pathlib import Path

import numpy as np
from marks import ROOT, replace

from gelu_simd import _ufuncs
from gelu_simd._docs import decimal, inputs
from gelu_simd._functions import CORRECTLY_ROUNDED, ELEMENTARY, FAST, FUNCTIONS, limit
from gelu_simd._levels import BITS, GROUPS
from gelu_simd._measured import Largest
from gelu_simd._types import TYPES

DATA = ROOT / "src" / "gelu_simd" / "_measured.py"
MATHS = {
    dtype: sorted((ROOT / "csrc" / "maths").glob(f"*_{row.suffix}.inc"))
    for dtype, row in TYPES.items()
    if row.lane == dtype
}

Measured = dict[tuple[str, str, str], Largest]


def stored() -> Measured:
    """Return the errors in the sources; those of the installed package may be older."""
    return runpy.run_path(str(DATA))["MEASURED"]


def update(measured: Measured, report: str) -> Measured:
    """Return `measured` with the results of a report in their place, by type and function.

    The report is what ``python -m gelu_simd verify --exhaustive --json`` prints.
    """
    results = json.loads(report)["results"]
    if not all(result["ok"] for result in results):
        raise ValueError("the report has missed limits")
    new = {
        (result["function"], result["dtype"], BITS[result["level"]]): Largest(
            round(result["max_ulp"], 4), result["at"]["x"], result["inputs"]
        )
        for result in results
        if result["function"] in ELEMENTARY
    }
    for key, largest in new.items():
        if key in measured and largest.inputs < measured[key].inputs:
            raise ValueError(f"{key} has had {measured[key].inputs} inputs, not {largest.inputs}")

    return ordered(measured | new)


def ordered(measured: Measured) -> Measured:
    """Return the errors by type and function, in the order of the lists."""

    def place(key: tuple[str, str, str]) -> tuple[int, int, str]:
        function, dtype, group = key
        return list(TYPES).index(dtype), ELEMENTARY.index(function), group

    return {key: measured[key] for key in sorted(measured, key=place)}


def require_all(measured: Measured) -> None:
    """Raise ValueError unless every function has its figures."""
    missing = [
        f"{function} {dtype} on {group} levels"
        for function in ELEMENTARY
        for dtype in FUNCTIONS[function].types
        for group in GROUPS
        if (function, dtype, group) not in measured
    ]
    if missing:
        raise ValueError(f"no figures of {', '.join(missing)}; pass a report that has them")


def example(function: str) -> list[str]:
    """Return two calls and their results, as a docstring shows them."""
    ufunc, row = _ufuncs.ufuncs[function], FUNCTIONS[function]
    name, half = row.public, np.float16
    wide = np.float64 if "float64" in row.types else np.float32
    typed = "" if wide is np.float64 else ", dtype=np.float32"
    if ufunc.nin == 1:
        x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0], wide)
        return [
            f">>> {name}(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]{typed}))",
            repr(ufunc(x)),
            ">>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)",
            f">>> {name}(x, out=x)  # in place",
            repr(ufunc(x.astype(half))),
        ]
    x = np.array([-1.0, 0.0, 1.0], wide)
    others = [np.array([1.0, 2.0, 3.0], wide)] * (ufunc.nin - 1)
    return [
        f">>> x = np.array([-1.0, 0.0, 1.0]{typed})",
        f">>> {name}({f'np.array([1.0, 2.0, 3.0]{typed}), ' * (ufunc.nin - 1)}x)",
        repr(ufunc(*others, x)),
        f">>> {name}({'2, ' * (ufunc.nin - 1)}x.astype(np.float16))",
        repr(ufunc(*[2] * (ufunc.nin - 1), x.astype(half))),
    ]


def data(measured: Measured) -> str:
    """Return _measured.py with these errors, and with the examples' results of this package."""
    text, _, _ = DATA.read_text(encoding="utf-8").partition("MEASURED: ")
    text += "MEASURED: dict[tuple[str, str, str], Largest] = {\n"
    for key, (error, x, number) in measured.items():
        text += f'    {key}: Largest({error:.4f}, "{x}", {number}),\n'.replace("'", '"')
    text += "}\n\n#: Lines of the docstrings' examples.\nEXAMPLES: dict[str, list[str]] = {\n"
    for name in _ufuncs.ufuncs:
        shown = "\n".join(example(name)).splitlines()  # NumPy breaks long results
        lines = "".join(f'        "{line}",\n' for line in shown)
        text += f'    "{name}": [\n{lines}    ],\n'
    return text + "}\n"


def table(measured: Measured) -> str:
    """Return the README's table: a row for each function, or for all where they say the same.

    Tiers whose results are all correctly rounded have nothing to show.
    """
    rows = ["| | | inputs | AVX-512, AVX2 | at x = | plain C | at x = | limit |"]
    rows.append("|---" * 8 + "|")
    for function, dtype in dict.fromkeys(key[:2] for key in measured):
        if FUNCTIONS[function].tier is not FAST:
            continue
        name, cells = f"`{function}`", inputs(dtype, measured[function, dtype, "fused"])
        for group in GROUPS:
            error = measured[function, dtype, group].error
            at = decimal(dtype, measured[function, dtype, group]).replace("-", "−")
            cell = f"{error:.2f} | {at}"
            if error <= CORRECTLY_ROUNDED:
                name, cell = "all", "correctly rounded |"
            cells += f" | {cell}"
        rows.append(f"| {name} | {dtype} | {cells} | {limit(function, dtype):.1f} |")
    return "\n".join(dict.fromkeys(rows)) + "\n"


def readme(text: str, measured: Measured) -> str:
    """Return README with its table of errors up to date."""
    return replace(text, "accuracy", table(measured))


def comments(dtype: str, measured: Measured) -> dict[Path, str]:
    """Return the sources of a type's maths with the errors in their comments up to date."""
    texts = {path: path.read_text(encoding="utf-8") for path in MATHS[dtype]}
    for function in ELEMENTARY:
        if dtype not in FUNCTIONS[function].types or limit(function, dtype) <= CORRECTLY_ROUNDED:
            continue
        fused, portable = (measured[function, dtype, group] for group in GROUPS)
        other = f"portable {portable.error:.2f} at {portable.x}."
        if portable[:2] == fused[:2]:
            other = "portable the same."
        new = (
            f" * Max error over {inputs(dtype, fused)} inputs: {fused.error:.2f} ULP at {fused.x};"
        )
        new += (" " if len(new + other) < 100 else "\n * ") + other + "\n"
        end = rf" \*/\nV_INLINE \w+ {function}_{TYPES[dtype].suffix}\("
        comment = re.compile(rf" \* Max error over [^/]*(?={end})")
        path = next((path for path, text in texts.items() if comment.search(text)), None)
        if path is None:
            name = f"{function}_{TYPES[dtype].suffix}"
            raise ValueError(f"no comment ' * Max error over ... */' above {name} in csrc/maths")
        texts[path] = comment.sub(lambda _, s=new: s, texts[path])
    return texts
