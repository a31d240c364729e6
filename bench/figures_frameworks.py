"""The published costs inside PyTorch and JAX, from the report in bench/results."""

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from marks import ROOT, pages

from gelu_simd._compare import report as reporting

RESULTS = ROOT / "bench" / "results" / "frameworks.json"


def stored() -> dict[str, Any]:
    """Return the report."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def table(report: dict[str, Any]) -> Iterator[str]:
    """Yield the table, line by line."""
    ways = report["microseconds"]
    sizes = list(next(iter(ways.values())))
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    yield from textwrap.wrap(
        "Microseconds a call by number of float32 elements, one thread, fastest round, on "
        f"{report['cpu']}, level {report['isa']}, {report['date']}; {versions}:",
        100,
    )
    yield ""
    yield "| | " + " | ".join(sizes) + " |"
    yield "|---" + "|---:" * len(sizes) + "|"
    for name, cells in ways.items():
        bold = "**" if "gelu_simd" in name else ""
        numbers = (reporting.number(cells[size]["min"], 2) for size in sizes)
        yield f"| {bold}{name}{bold} | " + " | ".join(numbers) + " |"
    yield ""


def published(report: dict[str, Any]) -> dict[Path, str]:
    """Return the page, up to date."""
    return pages({"frameworks": "\n".join(table(report))})
