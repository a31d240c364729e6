"""Pictures of a report: time against the number of elements, error against x."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from gelu_simd._compare import report as reports
from gelu_simd._functions import PRODUCT_OF, limit
from gelu_simd._types import finfo

KINDS = ("speed", "error")

# Colours for colour-blind readers too (M. Okabe and K. Ito); markers and dashes help.
ORANGE, SKY, GREEN, BLUE, RED, PINK = (
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)

GREY = "#777777"

STYLES = {
    "torch": (RED, "-", "s"),
    "onnxruntime": (BLUE, "-", "^"),
    "jax": (GREEN, "-", "D"),
    "tensorflow": (ORANGE, "-", "v"),
    "numba": (PINK, "-", "P"),
    "numexpr": (SKY, "-", "X"),
    "thinc": (GREY, "-", "*"),
    "scipy-erf": (BLUE, "--", "<"),
    "scipy-ndtr": (GREEN, "--", ">"),
    "numpy-mul": (RED, ":", "d"),
    "numpy-pow": (PINK, ":", "p"),
    "numpy-quick": (SKY, ":", "h"),
}

THREADS = {1: "one thread", None: "each with its own threads"}  # as reports have it
OURS = ("-", "--", "-.", ":")  # by level
MOST_NS = 3000.0  # the picture ends there: one call of some peers takes more
MOST_ULP = 1e20
LEAST_ULP = 0.3
NOTE = {"textcoords": "offset points", "fontsize": 11, "color": "#444444"}
LIMIT = {"color": GREY, "linewidth": 1.2, "linestyle": (0, (1, 1))}

FONT = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "lines.markersize": 5.5,
}


def require_format(path: Path) -> None:
    """Raise BenchError if matplotlib cannot write a file with such an ending."""
    endings = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix[1:].lower() not in endings:
        raise reports.BenchError(f"{str(path)!r} ends with none of .{', .'.join(sorted(endings))}")


def draw(
    report: dict[str, Any],
    out: BinaryIO,
    file_format: str,
    kinds: Sequence[str] = KINDS,
    functions: Sequence[str] = (),
    dtypes: Sequence[str] = (),
) -> None:
    """Write a picture of a report: a panel for each type, kind and function, two in a row.

    Speed has panels for each number of threads in the report.
    """
    functions = functions or list(dict.fromkeys(row["function"] for row in report["times"]))
    dtypes = dtypes or list(dict.fromkeys(row["dtype"] for row in report["times"]))
    numbers = thread_numbers(report, functions, dtypes)
    panels = [
        (dtype, kind, f, threads)
        for dtype in dtypes
        for kind in kinds
        for threads in (numbers if kind == "speed" else numbers[:1])
        for f in functions
    ]
    columns = min(len(functions), 2)
    shape = math.ceil(len(panels) / columns), columns
    entries = shown(report, functions, dtypes)
    with mpl.rc_context(FONT):
        figure = Figure(figsize=(4.4 * shape[1] + 2.6, 4.3 * shape[0] + 0.5), layout="constrained")
        axes = figure.subplots(*shape, squeeze=False)
        for ax in axes.flat[len(panels) :]:
            ax.set_axis_off()
        for k, (dtype, kind, function, threads) in enumerate(panels):
            ax = axes.flat[k]
            title = f"{function}, {dtype}"
            if kind == "speed":
                draw_speed(ax, report, function, dtype, entries, threads)
                title += f", {THREADS[threads]}" * (len(numbers) > 1)
            else:
                draw_error(ax, report, function, dtype, entries)
            ax.set_title(title)
            if k % columns:
                ax.set_ylabel("")
        labels = {
            entry["title"]: line(name, entry, entries, markers="speed" in kinds)
            for name, entry in entries.items()
        }
        if "error" in kinds:
            labels["our limit"] = LIMIT
        figure.legend(
            [Line2D([], [], **style) for style in labels.values()],
            list(labels),
            loc="outside right upper",
            frameon=False,
            handlelength=2.6,
        )
        figure.suptitle(caption(report), fontsize=10, color="#444444", x=0.01, ha="left")
        figure.savefig(out, format=file_format, dpi=140, facecolor="white")


def thread_numbers(
    report: dict[str, Any], functions: Sequence[str], dtypes: Sequence[str]
) -> list[int | None]:
    """Return the numbers of threads that some functions were measured on."""
    rows = [r for r in report["times"] if r["function"] in functions and r["dtype"] in dtypes]
    return list(dict.fromkeys(row["threads"] for row in rows))


def caption(report: dict[str, Any]) -> str:
    """Return the machine, the number of threads if it is one for all, and the date."""
    numbers = {row["threads"] for row in report["times"]}
    threads = [THREADS[number] for number in numbers if len(numbers) == 1]
    return ", ".join([report["cpu"], *threads, report["date"]])


def shown(
    report: dict[str, Any], functions: Sequence[str], dtypes: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Entries to draw: all peers and our levels; the last level only if it is the only one."""
    measured = {
        row["name"]
        for row in report["times"]
        if row["function"] in functions and row["dtype"] in dtypes
    }
    entries = {name: entry for name, entry in report["entries"].items() if name in measured}
    levels = [name for name, entry in entries.items() if entry["kind"] == "ours"]
    left_out = levels[1:][-1:]
    return {
        name: entry
        for name, entry in entries.items()
        if entry["kind"] in {"ours", "peer"} and name not in left_out
    }


def line(
    name: str, entry: dict[str, str], entries: dict[str, dict[str, str]], markers: bool
) -> dict[str, Any]:
    """Return the style of an entry's line."""
    if entry["kind"] == "ours":
        dashes = OURS[list(entries).index(name) % len(OURS)]
        return {"color": "black", "linestyle": dashes, "linewidth": 3, "zorder": 3}
    color, dashes, marker = STYLES[name]
    return {
        "color": color,
        "linestyle": dashes,
        "linewidth": 1.6,
        "marker": marker if markers else None,
    }


def draw_speed(
    ax: Axes,
    report: dict[str, Any],
    function: str,
    dtype: str,
    entries: dict[str, dict[str, str]],
    threads: int | None,
) -> None:
    """Draw ns per element against the number of elements, and a copy as the limit of memory."""
    cell = (function, dtype, threads)
    rows = [r for r in report["times"] if (r["function"], r["dtype"], r["threads"]) == cell]
    least_ns = reports.best(rows)
    sizes = sorted({n for _, n in least_ns})

    def points(name: str) -> tuple[list[int], list[float]]:
        lengths = [n for n in sizes if (name, n) in least_ns]
        return lengths, [least_ns[name, n] for n in lengths]

    for name, entry in entries.items():
        ax.plot(*points(name), **line(name, entry, entries, markers=True))
    lengths, limits = points("copy")
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    least = min(least_ns.values()) / 2
    ax.set_ylim(least, min(MOST_NS, 2 * max(least_ns.values())))
    if lengths:
        ax.fill_between(lengths, limits, least, color="#dddddd", linewidth=0, zorder=0)
        ax.annotate("below np.copyto", (lengths[-1], least), (-4, 4), **NOTE, ha="right")
    room = (max(sizes) / min(sizes)) ** (1 / 7)
    ticks = [sizes[0]]
    for n in sizes:
        if n >= room * ticks[-1]:
            ticks.append(n)
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda n, _: reports.size_name(int(n))))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda ns, _: f"{ns:g}"))
    ax.set_xlabel("elements")
    ax.set_ylabel("ns per element")


def draw_error(
    ax: Axes, report: dict[str, Any], function: str, dtype: str, entries: dict[str, dict[str, str]]
) -> None:
    """Draw the largest error in ULP against x, and the limit of ours."""
    rows = {
        row["name"]: row["max_ulp"]
        for row in report["errors"]
        if (row["function"], row["dtype"]) == (function, dtype)
    }
    low, high = report["range"]
    for name, entry in reversed(entries.items()):
        if name in rows:
            values = [math.inf if value is None else value for value in rows[name]]
            edges = np.linspace(low, high, len(values) + 1)
            ax.plot(
                (edges[1:] + edges[:-1]) / 2,
                np.clip(values, LEAST_ULP, MOST_ULP),
                **line(name, entry, entries, markers=False),
            )
    ax.axhline(limit(PRODUCT_OF.get(function, function), dtype), **LIMIT)
    lost = 2.0 ** (finfo(np.dtype(dtype)).nmant + 1)
    ax.annotate("no digit right", (low, lost), (4, 5), **NOTE)
    ax.set_yscale("log")
    ax.set_ylim(LEAST_ULP, 10 * lost)
    ax.yaxis.set_major_locator(LogLocator(base=100))
    ax.set_xlim(low, high)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel("x")
    ax.set_ylabel("largest error, ULP")
