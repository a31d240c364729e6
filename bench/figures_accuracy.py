"""The published errors and examples: _measured.py, the page's table, the comments of the maths."""

import json
import re
import runpy
from pathlib import Path

import numpy as np
from marks import ROOT, pages

from gelu_simd import _ufuncs
from gelu_simd._docs import decimal, inputs
from gelu_simd._functions import (
    CORRECTLY_ROUNDED,
    ELEMENTARY,
    FAST,
    FUNCTIONS,
    OPERANDS,
    Function,
    limit,
)
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


def example(ufunc: np.ufunc) -> list[str]:
    """Return two calls and their results, as a docstring shows them."""
    row = _ufuncs.records[ufunc]
    is_wide = np.dtype(np.float64) in _ufuncs.dtypes_of[row.name]
    wide, typed = (np.float64, "") if is_wide else (np.float32, ", dtype=np.float32")
    if len(row.operands) == 1:
        x, text = np.array([-2, -1, 0, 1, 2], wide), f"np.array([-2.0, -1.0, 0.0, 1.0, 2.0]{typed})"
        if len(row.results) > 1:
            return [f">>> x = {text}", *call(row, "x", ufunc(x))]
        return [
            *call(row, text, ufunc(x)),
            ">>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)",
            *call(row, "x, out=x", ufunc(x.astype(np.float16)), "  # in place"),
        ]
    arrays = [np.array(OPERANDS[name].example, wide) for name in row.operands]
    numbers = [0.5] * (len(arrays) - 1)
    last = f"{row.operands[-1]}.astype(np.float16)"
    return [
        *(f">>> {name} = np.array({OPERANDS[name].example}{typed})" for name in row.operands),
        *call(row, ", ".join(row.operands), ufunc(*arrays)),
        *call(row, ", ".join([*map(str, numbers), last]), ufunc(*numbers, arrays[-1].astype("f2"))),
    ]


def call(row: Function, arguments: str, results: object, comment: str = "") -> list[str]:
    """Return a call and its results."""
    text = f"{row.public}({arguments}){comment}"
    if not isinstance(results, tuple):
        return [f">>> {text}", repr(results)]
    lines = [f">>> {', '.join(row.results)} = {text}"]
    for name, result in zip(row.results, results, strict=True):
        lines += [f">>> {name}", repr(result)]
    return lines


def data(measured: Measured) -> str:
    """Return _measured.py with these errors, and with the examples' results of this package."""
    text, _, _ = DATA.read_text(encoding="utf-8").partition("MEASURED: ")
    text += "MEASURED: dict[tuple[str, str, str], Largest] = {\n"
    for key, (error, x, number) in measured.items():
        text += f'    {key}: Largest({error:.4f}, "{x}", {number}),\n'.replace("'", '"')
    text += "}\n\n#: Lines of the docstrings' examples.\nEXAMPLES: dict[str, list[str]] = {\n"
    for name, ufunc in _ufuncs.ufuncs.items():
        shown = "\n".join(example(ufunc)).splitlines()  # NumPy breaks long results
        lines = "".join(f'        "{line}",\n' for line in shown)
        text += f'    "{name}": [\n{lines}    ],\n'
    return text + "}\n"


def table(measured: Measured) -> str:
    """Return the table of errors: a row for each function, or for all where they say the same.

    Other tiers than the package's own have nothing to show: all of their results are rounded.
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


def published(measured: Measured) -> dict[Path, str]:
    """Return the page of the errors, up to date."""
    return pages({"accuracy": table(measured)})


def comments(dtype: str, measured: Measured) -> dict[Path, str]:
    """Return the sources of a type's maths with the errors in their comments up to date."""
    texts = {path: path.read_text(encoding="utf-8") for path in MATHS[dtype]}
    for function in ELEMENTARY:
        if FUNCTIONS[function].tier is not FAST:  # its comments state a proof
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
