"""The command bench: measures, prints, writes a report and a picture."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from gelu_simd._cli.files import STANDARD, require_writable, write_text, writing
from gelu_simd._cli.progress import Progress
from gelu_simd._compare import peers as registry
from gelu_simd._compare.budget import Budget
from gelu_simd._compare.measure import cells, least_seconds, measure
from gelu_simd._compare.report import BenchError, facts, to_json
from gelu_simd._compare.tables import crowded, faster, heading, shared, spent, table, untimed


def bench(
    peers: Iterable[str] | None,
    functions: Sequence[str],
    dtypes: Sequence[np.dtype],
    sizes: Sequence[int],
    threads: int | None,
    seconds: float,
    json_file: str | None,
    plot_file: Path | None,
) -> None:
    """Print tables; write a report and a picture, whole or not at all.

    The report "-" is printed in place of the tables.

    Without `peers`, all that can be imported take part.  The seconds are those of the whole run.
    """
    budget = Budget(seconds)
    if plot_file is not None:
        if importlib.util.find_spec("matplotlib") is None:
            raise BenchError("--plot needs matplotlib: pip install matplotlib")
        from gelu_simd._compare import plots  # noqa: PLC0415 - imports matplotlib

        plots.require_format(plot_file)
    for file in filter(None, (json_file, plot_file)):
        require_writable(file)
    show = print if json_file != STANDARD else lambda *_, **__: None
    show(f"takes about {seconds:g} s, the import of the peers included", flush=True)
    with budget.spending("importing"):
        loaded, absent = registry.load(registry.PEERS if peers is None else peers, threads)
    if peers is not None and absent:
        raise BenchError("; ".join(f"{name}: {why}" for name, why in absent.items()))
    entries = registry.our_levels(threads) + loaded
    report = facts(entries, threads) | {"absent": absent, "times": [], "errors": []}
    show("\n".join(heading(report)), flush=True)
    count = len(cells(functions, dtypes))
    show(shared(budget, least_seconds(entries, count, sizes), count * len(sizes)), flush=True)
    with Progress() as progress:
        for rows, errs in measure(
            entries, functions, dtypes, sizes, threads, budget, progress.update
        ):
            report["times"] += rows
            report["errors"] += errs
            progress.erase()
            show("\n".join(table(report, rows, errs)), flush=True)
    lines = [*faster(report), *crowded(report), *untimed(report), spent(budget)]
    show("", *lines, sep="\n")
    if json_file is not None:
        write_text(json_file, to_json(report))
    if plot_file is not None:
        with writing(plot_file) as out:
            plots.draw(report, out, plot_file.suffix[1:])
