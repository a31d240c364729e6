"""The report of a comparison: its facts, its file, the peers that are ahead."""

from __future__ import annotations

import json
import math
import os
import platform
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gelu_simd
from gelu_simd._compare.peers.ways import Entry

#: Elements from which on the time per element hardly changes.
MANY = 1 << 14

#: The errors are measured at x in this range.
RANGE = (-15.0, 5.0)

UNITS = {"": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}

#: The largest number of elements that anybody could want.
LARGEST = 10**12

Report = dict[str, Any]


class BenchError(Exception):
    """A request that cannot be measured or drawn; the message is one line."""


class WrongResult(BenchError):
    """A peer computes another function: its time would mean nothing."""


def size(text: str) -> int:
    """Read a number of elements: 1000, 1e9, 16Ki or 4Mi."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?(?:[eE]\+?\d{1,2})?)(Ki|Mi|Gi|)", text, re.ASCII)
    number = Fraction(match[1]) * UNITS[match[2]] if match else Fraction(0)
    if not (1 <= number <= LARGEST and number.denominator == 1):
        raise ValueError(
            f"not a whole number of elements such as 1000, 1e9, 16Ki or 4Mi, "
            f"up to {LARGEST:.0e}: {text!r}"
        )
    return int(number)


def size_name(n: int) -> str:
    """Write a number of elements so that `size` reads it."""
    for shift, unit in ((20, "Mi"), (10, "Ki")):
        if n % (1 << shift) == 0:
            return f"{n >> shift}{unit}"
    return str(n)


def facts(entries: Sequence[Entry], threads: int | None) -> Report:
    """Return versions, machine and entries: all that the figures depend on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "gelu_simd": gelu_simd.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": cpu(),
        "cpus": len(affinity(0)) if affinity else os.cpu_count(),
        "threads": threads,
        "own_threads": gelu_simd.get_num_threads(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "entries": {
            entry.name: {"title": entry.title, "kind": entry.kind, "version": entry.version}
            for entry in entries
        },
        "range": RANGE,
    }


def cpu() -> str:
    """Name the processor; on Linux with its family and model, since names may be vague."""
    name = gelu_simd.cpu_info()["cpu"] or platform.processor() or platform.machine()
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return name
    numbers = [re.search(rf"^{key}\s*: (\d+)$", text, re.M) for key in ("cpu family", "model")]
    return f"{name} (family {numbers[0][1]}, model {numbers[1][1]})" if all(numbers) else name


def to_json(report: Report) -> str:
    """Return the report as JSON: an object for each measurement on a line of its own."""
    lines = []
    for key, value in report.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n".join("  " + json.dumps(row) for row in value)
            lines.append(f" {json.dumps(key)}: [\n{rows}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def best(rows: Iterable[Report]) -> dict[tuple[str, int], float]:
    """Return the least ns per element by name and size: of several ways, the fastest."""
    least: dict[tuple[str, int], float] = {}
    for row in rows:
        key = row["name"], row["n"]
        least[key] = min(least.get(key, math.inf), row["min_ns"])
    return least


class Ahead(NamedTuple):
    """A peer that is faster than our best level; its time as a part of ours, by size."""

    title: str
    function: str
    dtype: str
    threads: int | None
    ratios: dict[int, float]


def ahead(report: Report) -> Iterator[Ahead]:
    """Yield the peers that are faster than our best level."""
    ours = next(iter(report["entries"]))
    cells: dict[tuple[str, str, int | None], list[Report]] = {}
    for row in report["times"]:
        cells.setdefault((row["function"], row["dtype"], row["threads"]), []).append(row)
    for (function, dtype, threads), rows in cells.items():
        least = best(rows)
        for name, entry in report["entries"].items():
            less = {
                n: ns / least[ours, n]
                for (other, n), ns in least.items()
                if other == name and (ours, n) in least and ns < least[ours, n]
            }
            if less and entry["kind"] == "peer":
                yield Ahead(entry["title"], function, dtype, threads, less)


def number(value: float | None, digits: int) -> str:
    """Write a positive number with some digits, and no exponent."""
    if value is None:
        return "-"
    return f"{value:.{max(0, digits - 1 - math.floor(math.log10(value)))}f}"


def multiple(value: float) -> str:
    """Write a ratio with two digits and at most two decimals."""
    return f"{number(value, 2) if value >= 0.1 else f'{value:.2f}'}x"


def largest(bins: Sequence[float | None] | None) -> str:
    """Write the largest of some errors, None being infinite."""
    if bins is None:
        return ""
    if None in bins:
        return "inf"
    most = max(bins)
    return f"{most:.1f}" if most < 1000 else f"{most:.0e}".replace("e+0", "e")
