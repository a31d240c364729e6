r"""Writes the speed in README, and its pictures, from reports of `gelu-simd bench --json`.

Run: python bench/publish.py REPORT.json ...; reports of one machine become one, beside the
pictures in bench/results.  These measure all of it, in about ten minutes on a quiet machine:

    gelu-simd bench --sizes 1 16 256 4Ki 16Ki 64Ki 256Ki 1Mi 4Mi 16Mi 64Mi \
        --seconds 100 --json 1.json
    gelu-simd bench --sizes 1 16Ki 256Ki 4Mi --dtype float64 float16 bfloat16 --json 2.json
    gelu-simd bench --sizes 16Ki 256Ki 4Mi 64Mi --dtype float32 bfloat16 --threads own \
        --peers torch onnxruntime jax tensorflow numexpr --json 3.json
"""

import io
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gelu_simd import _bench

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RESULTS = Path("bench") / "results"  # in ROOT

BEGIN = "<!-- Written by bench/publish.py. -->\n"
END = "<!-- End of what it wrote. -->\n"

# The table's columns, all of one size, and the pictures' panels.
SIZE = "256Ki"
COLUMNS = [
    ("gelu", "float32"),
    ("gelu_tanh", "float32"),
    ("gelu_backward", "float32"),
    ("gelu_tanh_backward", "float32"),
    ("gelu", "float64"),
    ("gelu", "float16"),
    ("gelu", "bfloat16"),
]
PICTURES = {
    "speed": "Nanoseconds per element against the number of elements",
    "error": "Largest error in ULP against x",
}
PANELS = ["gelu", "gelu_tanh"]

SAME = ("gelu_simd", "numpy", "python", "platform", "cpu", "cpus", "range")


def merge(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the reports of one machine as one; the first says the rest."""
    merged = dict(reports[0], times=[], errors=[], entries={})
    for report in reports:
        if different := [key for key in SAME if report[key] != merged[key]]:
            raise SystemExit(f"the reports differ in {', '.join(different)}")
        merged["entries"] |= report["entries"]
        merged["times"] += report["times"]
        known = {(row["function"], row["dtype"], row["name"]) for row in merged["errors"]}
        merged["errors"] += [
            row
            for row in report["errors"]
            if (row["function"], row["dtype"], row["name"]) not in known
        ]
    return merged


def name(report: dict[str, Any]) -> str:
    """Name the files of a report after the processor."""
    return re.sub(r"[^a-z0-9]+", "-", report["cpu"].lower()).strip("-")


def block(report: dict[str, Any]) -> Iterator[str]:
    """Yield what README says, line by line."""
    entries = report["entries"]
    versions = {"NumPy": report["numpy"]}
    for entry in entries.values():
        if entry["kind"] == "peer" and not entry["title"].startswith(("NumPy", "SciPy ndtr")):
            versions[entry["title"].removesuffix(" erf")] = entry["version"]
    yield from textwrap.wrap(
        f"Nanoseconds per element, {SIZE.replace('Ki', ' Ki')} elements, one thread, fastest round,"
        f" on {report['cpu']}, {report['date']}; "
        f"{', '.join(f'{title} {version}' for title, version in versions.items())}:",
        100,
    )
    yield ""
    yield "| | " + " | ".join(f"`{function}` {dtype}" for function, dtype in COLUMNS) + " |"
    yield "|---" + "|---:" * len(COLUMNS) + "|"
    times = {column: _bench.best(cells(report, *column)) for column in COLUMNS}
    n = _bench.size(SIZE)
    for key, entry in entries.items():
        row = [_bench.number(times[column].get((key, n)), 2) for column in COLUMNS]
        bold = "**" if entry["kind"] == "ours" else ""
        yield f"| {bold}{entry['title']}{bold} | " + " | ".join(row).replace("-", "–") + " |"
    yield ""
    one_thread = dict(report, times=[row for row in report["times"] if row["threads"] == 1])
    sizes = sorted({row["n"] for row in one_thread["times"]})
    ahead = [line.removeprefix("faster: ") for line in _bench.faster(one_thread)]
    span = f"from {_bench.size_name(sizes[0])} to {_bench.size_name(sizes[-1])} elements"
    if ahead:
        yield f"Of all that was measured, {span}, these took less time than the best level:"
        yield ""
        yield from (f"- {line}" for line in ahead)
    else:
        yield f"Of all that was measured, {span}, no peer took less time than the best level."
    yield ""
    for kind, what in PICTURES.items():
        yield f"![{what}]({(RESULTS / f'{name(report)}-{kind}.png').as_posix()})"
        yield ""


def cells(report: dict[str, Any], function: str, dtype: str) -> list[dict[str, Any]]:
    """Return the rows of a function and type that were measured on one thread."""
    wanted = (function, dtype, 1)
    return [r for r in report["times"] if (r["function"], r["dtype"], r["threads"]) == wanted]


def readme(text: str, report: dict[str, Any]) -> str:
    """Return README with its speeds up to date."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n".join(block(report)) + END + after


def source(text: str) -> Path:
    """Return the report that README was written from."""
    return ROOT / (re.search(rf"\(({RESULTS.as_posix()}/\S+)-speed\.png\)", text)[1] + ".json")


def main(files: Sequence[str]) -> None:
    """Write the report, the pictures and README."""
    # Here, since the tests may lack it: matplotlib, which brings Pillow.
    from PIL import Image  # noqa: PLC0415

    from gelu_simd import _plots  # noqa: PLC0415

    report = merge([json.loads(Path(file).read_text(encoding="utf-8")) for file in files])
    stem = ROOT / RESULTS / name(report)
    stem.parent.mkdir(exist_ok=True)
    stem.with_suffix(".json").write_text(_bench.to_json(report), encoding="utf-8")
    for kind in PICTURES:
        drawn = io.BytesIO()
        _plots.draw(report, drawn, "png", [kind], PANELS, ["float32"])
        picture = Image.open(drawn).convert("RGB").quantize(method=Image.Quantize.FASTOCTREE)
        picture.save(stem.with_name(f"{stem.name}-{kind}.png"), optimize=True)
    README.write_text(readme(README.read_text(encoding="utf-8"), report), encoding="utf-8")


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("usage: python bench/publish.py REPORT.json ...")
    main(sys.argv[1:])
