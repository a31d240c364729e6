"""The published errors of other libraries, from the report in bench/results."""

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pictures
from marks import ROOT, link, pages

from gelu_simd._compare import report as reporting

RESULTS = ROOT / "bench" / "results" / "others.json"
PICTURE = RESULTS.with_suffix(".png")
FORMS = {"exact": "gelu", "tanh": "gelu_tanh"}
DTYPE = "float32"
LOST = 2.0**24 / 10  # ULP: a tenth of the result, so that no decimal digit is right
USUAL = -1.0  # from here on the formulas lose little


def stored() -> dict[str, Any]:
    """Return the report."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def largest(bins: Sequence[float | None], bounds: Sequence[float]) -> str:
    """Write the largest error of the usual inputs."""
    low, high = bounds
    first = round((USUAL - low) / (high - low) * len(bins))
    return reporting.largest(bins[first:])


def kept(bins: Sequence[float | None], bounds: Sequence[float]) -> str:
    """Write the x down to which a digit of the result is right."""
    low, high = bounds
    lost = [k for k, error in enumerate(bins) if error is None or error > LOST]
    if not lost:
        return "all"
    return f"{low + (max(lost) + 1) * (high - low) / len(bins):.1f}".replace("-", "−")


def table(report: dict[str, Any]) -> Iterator[str]:
    """Yield the table, line by line."""
    yield (
        f"| in {DTYPE} | " + " | ".join(f"`{name}` ULP | down to" for name in FORMS.values()) + " |"
    )
    yield "|---" + "|---:|---:" * len(FORMS) + "|"
    for title, row in report["libraries"].items():
        cells = []
        for form in FORMS:
            bins = row["forms"].get(form, {}).get("max_ulp")
            cells += (
                ["–", "–"] if bins is None else [f(bins, report["range"]) for f in (largest, kept)]
            )
        name, comma, way = title.partition(",")
        version = row["version"].partition("+")[0]
        yield f"| {name} {version}{comma}{way} | " + " | ".join(cells) + " |"
    yield ""
    yield f"![Largest error in ULP against x]({link(PICTURE, 'others')})"
    yield ""


def published(report: dict[str, Any]) -> dict[Path, str]:
    """Return the page, up to date."""
    return pages({"others": "\n".join(table(report))})


def draw() -> None:
    """Draw the picture of the report."""
    from gelu_simd._compare import plots  # noqa: PLC0415 - imports matplotlib; tests may lack it

    text = RESULTS.read_text(encoding="utf-8")
    report = json.loads(text)
    drawn = io.BytesIO()
    strips = {
        function: {
            title: row["forms"].get(form, {}).get("max_ulp")
            for title, row in report["libraries"].items()
        }
        for form, function in FORMS.items()
    }
    plots.draw_errors(strips, report["range"], DTYPE, drawn, "png")
    pictures.write(drawn, PICTURE, text)
