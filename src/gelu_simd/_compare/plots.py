"""Pictures of a report: time against the number of elements, errors by x as strips of colour."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MultipleLocator, NullLocator

from gelu_simd._compare import report as reports
from gelu_simd._functions import CORRECTLY_ROUNDED, WITHIN
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
    "litert": (RED, "--", "o"),
    "openvino": (ORANGE, "--", "D"),
    "mnn": (SKY, "--", "P"),
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
NOTE = {"textcoords": "offset points", "fontsize": 11, "color": "#444444"}
ERRORS = "cividis_r"  # light is right, dark is wrong, to colour-blind readers too

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
    with_errors = {(row["function"], row["dtype"]) for row in report["errors"]}
    panels = [
        (dtype, kind, f, threads)
        for dtype in dtypes
        for kind in kinds
        for threads in (numbers if kind == "speed" else numbers[:1])
        for f in functions
        if kind == "speed" or (f, dtype) in with_errors
    ]
    columns = min(len(functions), 2)
    shape = math.ceil(len(panels) / columns), columns
    entries = shown(report, functions, dtypes)
    with mpl.rc_context(FONT):
        width = 4.4 * shape[1] + 2.6 * len(set(kinds))  # beside the panels: names, colours, lines
        figure = Figure(figsize=(width, 4.3 * shape[0] + 0.5), layout="constrained")
        axes = figure.subplots(*shape, squeeze=False)
        for ax in axes.flat[len(panels) :]:
            ax.set_axis_off()
        with_strips: dict[tuple[int, str], list[Axes]] = {}
        for k, (dtype, kind, function, threads) in enumerate(panels):
            ax = axes.flat[k]
            title = f"{function}, {dtype}"
            if kind == "speed":
                draw_speed(ax, report, function, dtype, entries, threads)
                title += f", {THREADS[threads]}" * (len(numbers) > 1)
                if k % columns:
                    ax.set_ylabel("")
            else:
                draw_error(ax, report, function, dtype, entries)
                beside = with_strips.setdefault((k // columns, dtype), [])
                if beside:  # has the names
                    ax.yaxis.set_major_locator(NullLocator())
                beside.append(ax)
            ax.set_title(title)
        for (_, dtype), beside in with_strips.items():
            colour_bar(figure, beside, dtype)
        if "speed" in kinds:
            labels = {entry["title"]: line(name, entry, entries) for name, entry in entries.items()}
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


def line(name: str, entry: dict[str, str], entries: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return the style of an entry's line."""
    if entry["kind"] == "ours":
        dashes = OURS[list(entries).index(name) % len(OURS)]
        return {"color": "black", "linestyle": dashes, "linewidth": 3, "zorder": 3}
    color, dashes, marker = STYLES[name]
    return {"color": color, "linestyle": dashes, "linewidth": 1.6, "marker": marker}


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
        ax.plot(*points(name), **line(name, entry, entries))
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
    """Draw a strip for each entry: the largest error by x."""
    rows = {
        row["name"]: row["max_ulp"]
        for row in report["errors"]
        if (row["function"], row["dtype"]) == (function, dtype)
    }
    strips = {entry["title"]: rows.get(name) for name, entry in entries.items()}
    draw_strips(ax, strips, report["range"], dtype)
    for label, entry in zip(ax.get_yticklabels(), entries.values(), strict=True):
        label.set_fontweight("bold" if entry["kind"] == "ours" else "normal")


def draw_errors(
    strips: Mapping[str, Mapping[str, Sequence[float | None] | None]],
    bounds: Sequence[float],
    dtype: str,
    out: BinaryIO,
    file_format: str,
) -> None:
    """Write a picture of errors alone: a panel for each function, a strip for each title."""
    with mpl.rc_context(FONT):
        rows = len(next(iter(strips.values())))
        figure = Figure(figsize=(4.4 * len(strips) + 3.0, 0.3 * rows + 1.2), layout="constrained")
        axes = figure.subplots(1, len(strips), squeeze=False)[0]
        for ax, (function, each) in zip(axes, strips.items(), strict=True):
            draw_strips(ax, each, bounds, dtype)
            ax.set_title(f"{function}, {dtype}")
            if ax is not axes[0]:  # which has the names
                ax.yaxis.set_major_locator(NullLocator())
        colour_bar(figure, axes, dtype)
        figure.savefig(out, format=file_format, dpi=140, facecolor="white")


def draw_strips(
    ax: Axes,
    strips: Mapping[str, Sequence[float | None] | None],
    bounds: Sequence[float],
    dtype: str,
) -> None:
    """Draw the errors of each title as a strip; None: infinite, or, of a whole strip, no such."""
    lost = 2.0 ** (finfo(np.dtype(dtype)).nmant + 1)
    bins = next(len(values) for values in strips.values() if values is not None)
    table = np.array(
        [
            [math.nan] * bins if values is None else [lost if v is None else v for v in values]
            for values in strips.values()
        ]
    )
    low, high = bounds
    ax.imshow(
        np.clip(table, CORRECTLY_ROUNDED, lost),
        cmap=ERRORS,
        norm=LogNorm(CORRECTLY_ROUNDED, lost),
        extent=(low, high, len(strips) - 0.5, -0.5),
        aspect="auto",
        interpolation="nearest",
    )
    for k, values in enumerate(strips.values()):
        if values is None:
            ax.annotate("none", ((low + high) / 2, k), **NOTE, xytext=(0, -4), ha="center")
    ax.hlines(np.arange(1, len(strips)) - 0.5, low, high, color="white", linewidth=2)
    ax.set_yticks(range(len(strips)), list(strips))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.xaxis.set_major_locator(MultipleLocator(5))
    ax.set_xlabel("x")


def colour_bar(figure: Figure, axes: Sequence[Axes], dtype: str) -> None:
    """Draw what the colours of panels in a row mean."""
    [image, *_] = axes[0].get_images()
    promised, lost = WITHIN[dtype], image.norm.vmax
    powers = range(2, int(math.log10(lost)), 2 if lost < 1e9 else 4)
    ticks = {10.0**power: f"$10^{{{power}}}$" for power in powers}
    ticks |= {CORRECTLY_ROUNDED: f"{CORRECTLY_ROUNDED}", promised: f"{promised:g}, our limit"}
    bar = figure.colorbar(image, ax=list(axes), pad=0.02, aspect=30)
    bar.set_ticks([*ticks, lost], labels=[*ticks.values(), "no digit right"])
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.set_label("largest error, ULP")
    bar.outline.set_visible(False)
