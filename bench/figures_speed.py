"""The published figures of speed and training, from the reports in bench/results."""

import io
import json
import re
import statistics
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pictures
from marks import ROOT, link, pages

from gelu_simd._compare import report as reporting
from gelu_simd._compare import tables
from gelu_simd._compare.peers import PEERS
from gelu_simd._compare.report import Report
from gelu_simd._functions import CORRECTLY_ROUNDED, FUNCTIONS, WITHIN, Kind

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

# Titles of the formulas that README compares with.
FORMULAS = ("NumPy x*x*x", "NumPy x**3", "SciPy erf", "SciPy ndtr")

SAME = ("gelu_simd", "numpy", "python", "platform", "cpu", "cpus", "range")


def merge(reports: Sequence[Report]) -> Report:
    """Return the reports of one machine as one, the peers in order; the first says the rest."""
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
    places = {name: place for place, name in enumerate(PEERS)}
    merged["entries"] = dict(
        sorted(merged["entries"].items(), key=lambda item: places.get(item[0], -1))
    )
    return merged


def folder(report: Report) -> Path:
    """Return the folder of a report: the name of its processor."""
    return RESULTS / re.sub(r"[^a-z0-9]+", "-", report["cpu"].lower()).strip("-")


def read(path: Path) -> Report:
    """Read a report."""
    return json.loads(path.read_text(encoding="utf-8"))


def machines() -> list[Report]:
    """Return the reports of all machines: those with most levels first, then the latest."""

    def place(report: Report) -> tuple[int, str, str]:
        levels = sum(entry["kind"] == "ours" for entry in report["entries"].values())
        return levels, report["date"], report["cpu"]

    return sorted(map(read, RESULTS.glob("*/report.json")), key=place, reverse=True)


def speed(reports: Sequence[Report]) -> Iterator[str]:
    """Yield the page of speed, line by line: all machines, pictures of the first."""
    for report in reports:
        yield from speed_table(report, threads=1)
        yield from faster(report)
        if "own_threads" in report:  # the package has had threads since then
            yield from speed_table(report, threads=None)
        yield from on_own_threads(report)
        links = [picture(report, kind, "speed") for kind in PICTURES]
        if report is reports[0]:
            yield from (line for link in links for line in (f"!{link}", ""))
        else:
            yield from (f"{'; '.join(links)}.", "")


def picture(report: Report, kind: str, part: str) -> str:
    """Return a link to a picture of a report."""
    return f"[{PICTURES[kind]}]({link(folder(report) / f'{kind}.png', part)})"


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
    """Yield what the page says of training, line by line."""
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
    yield f"![Training and test loss by epoch]({link(TRAINED.with_suffix('.png'), 'training')})"
    yield ""


def ratios_to_formulas(report: Report, level: str) -> list[float]:
    """Return how many times as long the formulas take as a level, in all cells of many elements."""
    by_column: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in report["times"]:
        if row["threads"] == 1 and row["n"] > 1:
            by_column.setdefault((row["function"], row["dtype"]), []).append(row)
    return [
        ns / least[level, n]
        for least in map(reporting.best, by_column.values())
        for (name, n), ns in least.items()
        if report["entries"][name]["title"] in FORMULAS and (level, n) in least
    ]


def span(ratios: Sequence[float]) -> str:
    """Write the least and the greatest of some ratios."""
    return f"{reporting.number(min(ratios), 2)} to {reporting.number(max(ratios), 2)}"


def claim(reports: Sequence[Report]) -> Iterator[str]:
    """Yield the first sentences of README, line by line."""
    best, last = [], []
    for report in reports:
        ours = [name for name, entry in report["entries"].items() if entry["kind"] == "ours"]
        best.append(ratios_to_formulas(report, ours[0]))
        last += ratios_to_formulas(report, ours[-1])
    medians = [statistics.median(ratios) for ratios in best]
    every = [ratio for ratios in best for ratio in ratios]
    most = " and ".join(
        f"{error:g} ULP in {t}" for t, error in WITHIN.items() if error > CORRECTLY_ROUNDED
    )
    rounded = " and ".join(t for t, error in WITHIN.items() if error == CORRECTLY_ROUNDED)
    yield from textwrap.wrap(
        "GELU for NumPy, exact and in its tanh form, with derivatives and gradients: real ufuncs "
        f"on SIMD kernels, accurate to {most} for every input, the negative tail included; "
        f"{rounded} are correctly rounded. With AVX2 or AVX-512 they are typically "
        f"{span(medians)} times as fast as the formulas in NumPy and SciPy ({span(every)} times in "
        "all that was measured). The portable level, for CPUs without AVX2 and NEON, is "
        f"{span(last)} times as fast: slower than a formula that NumPy itself computes by SIMD.",
        100,
    )
    yield ""


def summary(report: Report) -> Iterator[str]:
    """Yield README's table and picture, line by line: the values in one type, time and error."""
    dtype = "float32"
    values = [name for name, row in FUNCTIONS.items() if row.kind is Kind.VALUE]
    names = [name for name in values if cells(report, name, dtype, 1)]
    times = [reporting.best(cells(report, name, dtype, 1)) for name in names]
    errors = [
        {r["name"]: r["max_ulp"] for r in report["errors"] if (r["function"], r["dtype"]) == key}
        for key in ((name, dtype) for name in names)
    ]
    low, high = report["range"]
    yield from textwrap.wrap(
        f"Nanoseconds per element, {SIZE.replace('Ki', ' Ki')} elements of {dtype}, one thread, on "
        f"{report['cpu']}, {report['date']}; largest error in ULP for x from {low:g} to {high:g}, "
        "where 2e7 is no digit right:".replace(" -", " −"),
        100,
    )
    yield ""
    yield "| | " + " | ".join(f"`{name}` ns | ULP" for name in names) + " |"
    yield "|---" + "|---:|---:" * len(names) + "|"
    n = reporting.size(SIZE)
    for key, entry in report["entries"].items():
        row = []
        for least, bins in zip(times, errors, strict=True):
            row += [
                reporting.number(least.get((key, n)), 2),
                reporting.largest(bins.get(key)) or "-",
            ]
        if entry["kind"] not in {"ours", "peer"} or set(row) == {"-"}:
            continue
        bold = "**" if entry["kind"] == "ours" else ""
        yield f"| {bold}{entry['title']}{bold} | " + " | ".join(row).replace("-", "–") + " |"
    yield ""
    yield f"!{picture(report, 'speed', 'summary')}"
    yield ""


def published(reports: Sequence[Report], trained: Report) -> dict[Path, str]:
    """Return README and the page of speed and training, up to date."""
    parts = {
        "claim": claim(reports),
        "summary": summary(reports[0]),
        "speed": speed(reports),
        "training": training(trained),
    }
    return pages({part: "\n".join(lines) for part, lines in parts.items()})


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
