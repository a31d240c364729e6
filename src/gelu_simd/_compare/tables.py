"""A report as tables of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gelu_simd._compare.budget import Budget
from gelu_simd._compare.report import (
    MANY,
    Report,
    ahead,
    best,
    largest,
    multiple,
    number,
    size_name,
)

#: CPU time over wall time, for each thread; above it a peer used more threads than allowed.
#: Threads that wait in a loop count as busy.
CROWDED = 1.4

LABEL, CELL = 20, 13  # widths of columns


def heading(report: Report) -> Iterator[str]:
    """Yield the first lines: versions, processor, absent peers, units."""
    threads = report["threads"]
    yield (
        f"gelu_simd {report['gelu_simd']}, NumPy {report['numpy']}, Python {report['python']}, "
        f"{report['cpu']}"
    )
    versions = {
        entry["title"]: entry["version"]
        for entry in report["entries"].values()
        if entry["kind"] == "peer" and not entry["title"].startswith("NumPy")
    }
    if versions:
        yield ", ".join(f"{title} {version}" for title, version in versions.items())
    for name, why in report["absent"].items():
        yield f"left out: {name}: {why}"
    yield (
        f"ns per element, times ours; {'own number of' if threads is None else threads} "
        f"thread{'' if threads == 1 else 's'}; ULP is the largest error for x in "
        f"[{report['range'][0]:g}, {report['range'][1]:g}]"
    )


def shared(budget: Budget, least: float, cells: int) -> str:
    """Tell how the seconds that are left are shared, or that they are too few."""
    loading = f"{budget.spent['importing']:.1f} s went to imports"
    if least > budget.left:
        return (
            f"too few seconds: {loading}, the fewest rounds take about {least:.0f} s more; "
            "fewer functions, types, sizes or peers take less"
        )
    return f"{loading}, {budget.left / cells:.2g} s are left for each of {cells} cells"


def spent(budget: Budget) -> str:
    """Tell how long the run took, and for what."""
    parts = ", ".join(f"{what} {seconds:.1f}" for what, seconds in budget.spent.items())
    return f"took {budget.used:.1f} of {budget.seconds:g} s: {parts}"


def untimed(report: Report) -> Iterator[str]:
    """Yield a line that counts the calls that were too long for the time of their size."""
    sizes: dict[tuple[str, str], set[int]] = {}
    for row in report["times"]:
        sizes.setdefault((row["function"], row["dtype"]), set()).add(row["n"])
    rows = {(row["function"], row["dtype"], row["name"]) for row in report["times"]}
    timed = {(row["function"], row["dtype"], row["name"], row["n"]) for row in report["times"]}
    if count := sum(len(sizes[function, dtype]) for function, dtype, _ in rows) - len(timed):
        yield f"-: no time for {count} of the large sizes; more --seconds have them"


def table(report: Report, rows: Sequence[Report], errs: Sequence[Report]) -> Iterator[str]:
    """Yield the lines for one function and type: ours, peers, other functions, limits."""
    least = best(rows)
    sizes = sorted({n for _, n in least})
    ours = next(iter(report["entries"]))  # the best level
    ulp = {row["name"]: row["max_ulp"] for row in errs}
    yield ""
    yield f"{rows[0]['function']} {rows[0]['dtype']}"
    yield " " * LABEL + "".join(f"{size_name(n):>{CELL - 6}}{'':6}" for n in sizes) + "    ULP"
    for name, entry in report["entries"].items():
        cells = ""
        for n in sizes:
            ns = least.get((name, n))
            has_ratio = ns is not None and (ours, n) in least
            ratio = multiple(ns / least[ours, n]) if has_ratio else ""
            cells += f"{number(ns, 3):>{CELL - 6}}{ratio:>6}"
        if any((name, n) in least for n in sizes):
            yield f"{entry['title']:{LABEL}}{cells}{largest(ulp.get(name)):>7}".rstrip()


def faster(report: Report) -> Iterator[str]:
    """Yield a line for each peer that is faster than the best level, with the sizes."""
    for title, function, dtype, threads, ratios in ahead(report):
        by = "its own threads" if threads is None else "one thread"
        where = ", ".join(f"{size_name(n)} {multiple(ratio)}" for n, ratio in ratios.items())
        yield f"faster: {title}, {function} {dtype}, {by}: {where}"


def crowded(report: Report) -> Iterator[str]:
    """Yield a line for each peer that kept more processors busy than it had threads."""
    threads = report["threads"]
    for name, entry in report["entries"].items():
        rows = [r for r in report["times"] if r["name"] == name and r["threads"] == threads]
        most = max((row["cpus"] for row in rows if row["n"] >= MANY), default=0.0)
        if threads is not None and most > CROWDED * threads:
            yield f"on more threads than allowed: {entry['title']}, {most} processors"
