"""README's figures of speed and training, from the reports in bench/results."""

import io
import json
import re
import statistics
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pictures
from marks import ROOT, replace

from gelu_simd._compare import report as reporting
from gelu_simd._compare import tables
from gelu_simd._compare.report import Report

RESULTS = ROOT / "bench" / "results"
TRAINED = RESULTS / "train_digits.json"

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
QUIET = 0.9  # of a processor's time, at least, has a program that has it to itself
PICTURES = {
    "speed": "Nanoseconds per element against the number of elements",
    "error": "Largest error in ULP against x",
}
PANELS = ["gelu", "gelu_tanh"]

SAME = ("gelu_simd", "numpy", "python", "platform", "cpu", "cpus", "range")


def merge(reports: Sequence[Report]) -> Report:
    """Return the reports of one machine as one; the first says the rest."""
    merged = dict(reports[0], times=[], errors=[], entries={})
    for report in reports:
        if different := [key for key in SAME if report[key] != merged[key]]:
            raise SystemExit(f"the reports differ in {', '.join(different)}")
        merged["entries"] |= report["entries"]
        merged["times"] += report["times"]
        keys = {(row["function"], row["dtype"], row["name"]) for row in merged["errors"]}
        merged["errors"] += [
            row
            for row in report["errors"]
            if (row["function"], row["dtype"], row["name"]) not in keys
        ]
    return merged


def folder(report: Report) -> Path:
    """Return the folder of a report: the name of its processor."""
    return RESULTS / re.sub(r"[^a-z0-9]+", "-", report["cpu"].lower()).strip("-")


def read(path: Path) -> Report:
    """Read a report."""
    return json.loads(path.read_text(encoding="utf-8"))


def machines() -> list[Report]:
    """Return the reports of all machines, those with most levels first."""

    def place(report: Report) -> tuple[int, str]:
        return -sum(entry["kind"] == "ours" for entry in report["entries"].values()), report["cpu"]

    return sorted(map(read, RESULTS.glob("*/report.json")), key=place)


def speed(reports: Sequence[Report]) -> Iterator[str]:
    """Yield what README says of speed, line by line: all machines, pictures of the first."""
    for report in reports:
        yield from speed_table(report, threads=1)
        yield from faster(report)
        if "own_threads" in report:  # the package has had threads since then
            yield from speed_table(report, threads=None)
        yield from on_own_threads(report)
        where = folder(report).relative_to(ROOT).as_posix()
        links = [f"[{what}]({where}/{kind}.png)" for kind, what in PICTURES.items()]
        if report is reports[0]:
            yield from (line for link in links for line in (f"!{link}", ""))
        else:
            yield from (f"{'; '.join(links)}.", "")


def speed_table(report: Report, threads: int | None) -> Iterator[str]:
    """Yield the table of one machine, on one thread or on as many as each takes by itself."""
    entries = report["entries"]
    times = {column: reporting.best(cells(report, *column, threads)) for column in COLUMNS}
    columns = [column for column in COLUMNS if times[column]]
    where = "one thread" if threads == 1 else f"{report['cpus']} CPUs, each with its own threads"
    versions = {"NumPy": report["numpy"]}
    for entry in entries.values():
        if entry["kind"] == "peer" and not entry["title"].startswith(("NumPy", "SciPy ndtr")):
            versions[entry["title"].removesuffix(" erf")] = entry["version"]
    ours = [r["cpus"] for r in report["times"] if entries[r["name"]]["kind"] == "ours"]
    shared = ", while other programs took part of the processor" * (statistics.median(ours) < QUIET)
    yield from textwrap.wrap(
        f"Nanoseconds per element, {SIZE.replace('Ki', ' Ki')} elements, {where}, fastest "
        f"round, on {report['cpu']}, {report['date']}{shared}; "
        f"{', '.join(f'{title} {version}' for title, version in versions.items())}:",
        100,
    )
    yield ""
    yield "| | " + " | ".join(f"`{function}` {dtype}" for function, dtype in columns) + " |"
    yield "|---" + "|---:" * len(columns) + "|"
    n = reporting.size(SIZE)
    for key, entry in entries.items():
        row = [reporting.number(times[column].get((key, n)), 2) for column in columns]
        if set(row) == {"-"}:
            continue
        bold = "**" if entry["kind"] == "ours" else ""
        yield f"| {bold}{entry['title']}{bold} | " + " | ".join(row).replace("-", "–") + " |"
    yield ""


def cells(report: Report, function: str, dtype: str, threads: int | None) -> list[dict[str, Any]]:
    """Return the rows of a function and type that were measured on a number of threads."""
    column = (function, dtype, threads)
    return [r for r in report["times"] if (r["function"], r["dtype"], r["threads"]) == column]


def faster(report: Report) -> Iterator[str]:
    """Yield where a peer took less time, on one thread."""
    one_thread = dict(report, times=[row for row in report["times"] if row["threads"] == 1])
    sizes = sorted({row["n"] for row in one_thread["times"]})
    ahead = [line.removeprefix("faster: ") for line in tables.faster(one_thread)]
    span = f"from {reporting.size_name(sizes[0])} to {reporting.size_name(sizes[-1])} elements"
    verdict = "these took less time than the best level:" if ahead else "none took less time."
    yield from textwrap.wrap(f"Of all that was measured on one thread, {span}, {verdict}", 100)
    yield ""
    if ahead:
        yield from (f"- {line}" for line in ahead)
        yield ""


def on_own_threads(report: Report) -> Iterator[str]:
    """Yield the least part of our time that peers took with threads of their own."""
    least: dict[str, float] = {}
    for peer in reporting.ahead(report):
        if peer.threads is None:
            least[peer.title] = min([least.get(peer.title, 1.0), *peer.ratios.values()])
    ours = "this package" if "own_threads" in report else "one thread of this package"
    if least:
        ratios = ", ".join(f"{title} {reporting.multiple(ratio)}" for title, ratio in least.items())
        yield from textwrap.wrap(
            f"With as many threads as they take by themselves, on {report['cpus']} processors, "
            f"some took less time than {ours}; the least: {ratios}.",
            100,
        )
        yield ""


def training(report: Report) -> Iterator[str]:
    """Yield what README says of training, line by line."""
    models = report["results"]
    variants = next(iter(models.values()))
    seeds = len(next(iter(variants.values()))["accuracy"])
    yield from textwrap.wrap(
        f"Test accuracy, mean and standard deviation of {seeds} seeds, and milliseconds of the "
        f"fastest epoch, one thread, on {report['cpu']}, level {report['isa']}; "
        f"NumPy {report['numpy']}, SciPy {report['scipy']}:",
        100,
    )
    yield ""
    yield "| | " + " | ".join(f"{model} | ms" for model in models) + " |"
    yield "|---" + "|---:|---:" * len(models) + "|"
    for variant in variants:
        row = f"| {variant} |"
        for results in models.values():
            accuracy = [100 * a for a in results[variant]["accuracy"]]
            mean, spread = statistics.mean(accuracy), statistics.pstdev(accuracy)
            least = results[variant]["ms_per_epoch"]["minimum"]
            row += f" {mean:.1f} ± {spread:.1f} % | {least:.0f} |"
        yield row
    yield ""
    picture = TRAINED.with_suffix(".png").relative_to(ROOT).as_posix()
    yield f"![Training and test loss by epoch]({picture})"
    yield ""


def readme(text: str, reports: Sequence[Report], trained: Report) -> str:
    """Return README with its figures of speed and training up to date."""
    text = replace(text, "speed", "\n".join(speed(reports)))
    return replace(text, "training", "\n".join(training(trained)))


def write(report: Report) -> None:
    """Write the report of a machine and its pictures."""
    from gelu_simd._compare import plots  # noqa: PLC0415 - imports matplotlib; tests may lack it

    text = reporting.to_json(report)
    folder(report).mkdir(exist_ok=True)
    (folder(report) / "report.json").write_text(text, encoding="utf-8")
    for kind in PICTURES:
        drawn = io.BytesIO()
        plots.draw(report, drawn, "png", [kind], PANELS, ["float32"])
        pictures.write(drawn, folder(report) / f"{kind}.png", text)
