"""The screens of the command line: info, verify, and the one shown without a command."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
import textwrap
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check import examine, workers
from gelu_simd._cli.files import STANDARD, require_writable, write_text
from gelu_simd._cli.progress import Progress
from gelu_simd._compare import peers, timing
from gelu_simd._functions import ELEMENTARY, FUNCTIONS, limit
from gelu_simd._levels import using

# Random inputs per function in the accuracy check: a few seconds in all.
SAMPLES = 1_000_000
SIZES = {"1 Ki": 1 << 10, "16 Ki": 1 << 14, "256 Ki": 1 << 18, "4 Mi": 1 << 22}
SECONDS = 0.5  # per size

# Formulas as NumPy users write them, by name of the peer, and the function of each.
FORMULAS = {
    "numpy-mul": ("0.5*x*(1+tanh(c*(x+0.044715*x*x*x)))", "gelu_tanh"),
    "numpy-pow": ("0.5*x*(1+tanh(c*(x+0.044715*x**3)))", "gelu_tanh"),
    "scipy-erf": ("0.5*x*(1+erf(x*sqrt(1/2)))  (SciPy)", "gelu"),
}

BOLD, GREEN, RED = "1", "32", "31"  # of the terminal's SGR sequences


def info(json_file: str | None) -> int:
    """Print the facts about this installation; write them to a file, or print that for "-"."""
    facts: dict[str, Any] = {
        "version": gelu_simd.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **gelu_simd.cpu_info(),
        "functions": list(_ufuncs.ufuncs),
        "dtypes": [dtype.name for dtype in _ufuncs.dtypes],
        "limits": {
            name: {
                dtype.name: limit(name, dtype.name)
                for dtype in _ufuncs.dtypes
                if dtype.name in FUNCTIONS[name].types
            }
            for name in ELEMENTARY
        },
    }
    if json_file is not None:
        write_text(json_file, json.dumps(facts, indent=2) + "\n")
    if json_file != STANDARD:
        for key, value in facts.items():
            rows = value if isinstance(value, dict) else {"": value}
            for i, (name, item) in enumerate(rows.items()):
                print(f"{'' if i else key:<12}{name:{20 if name else 0}}{_plain(item)}")
    return 0


def overview() -> int:
    """Print version, CPU, accuracy and speed; return 1 if an accuracy limit is missed, else 0."""
    examine.require_default_mode()
    cpu = gelu_simd.cpu_info()
    print(
        f"{_styled('gelu_simd ' + gelu_simd.__version__, BOLD)}, NumPy {np.__version__}, "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    )
    print(f"CPU    {cpu['cpu'] or 'unknown'}")
    print(f"level  {cpu['isa']} (available: {', '.join(cpu['available'])})", end="\n\n")
    missed = _show_accuracy(cpu["isa"])
    print()
    _show_speed()
    return int(missed)


NAME = max(map(len, ELEMENTARY)) + 1  #: characters of a function's name in a table


def _show_accuracy(level: str) -> bool:
    """Print the largest error of each function; return whether one is above its limit."""
    print(_styled("Accuracy against an independent high-precision reference", BOLD))
    print(f"{'':{NAME + 8}}{'inputs':>7}{'max ULP':>8}  {'at x =':<25}{'limit':>6}")
    missed = False
    for dtype in _ufuncs.dtypes:
        for name in ELEMENTARY:
            if dtype.name not in FUNCTIONS[name].types:
                continue
            [result] = examine.check(name, dtype, [level], SAMPLES)
            missed |= not result.ok
            finding = result.finding
            print(
                f"{name:<{NAME}}{dtype.name:<8}{finding.inputs:>7}{finding.error:>8.2f}  "
                f"{dtype.type(finding.at[0])!s:<25}{result.limit:>6.2f}  {_verdict(result.ok)}",
                flush=True,
            )
    return missed


def verify(
    functions: Sequence[str],
    dtypes: Sequence[np.dtype],
    levels: Sequence[str],
    samples: int,
    exhaustive: bool,
    json_file: str | None,
) -> int:
    """Check and print every level; return 1 if a limit is missed or fused levels differ, else 0.

    The results go to a file too; for "-" they are printed as it would hold them.
    """
    examine.require_default_mode()
    if json_file is not None:
        require_writable(json_file)
    show = json_file != STANDARD
    results: list[examine.Result] = []
    if show:
        print(_styled(f"{'':10}{'max ULP':>7}  {'at x =':<50}limit", BOLD), flush=True)
    with Progress() as progress:
        for group in workers.check_all(
            functions, dtypes, levels, samples, exhaustive, progress.update
        ):
            results += group
            if show:
                progress.erase()
                _show_levels(group)
    missed = sum(not result.ok for result in results)
    if json_file is not None:
        write_text(json_file, json.dumps(_verify_facts(results), indent=2) + "\n")
    if show:
        print(f"{len(results)} checks, {missed} missed")
    return int(missed > 0)


def _show_levels(results: list[examine.Result]) -> None:
    """Print the results of one function and type."""
    print(f"{results[0].function} {results[0].dtype.name}, {results[0].finding.inputs} inputs")
    composition = FUNCTIONS[results[0].function].composition
    if composition is not None:
        print(f"  the bits of {' and '.join(composition.expressions)}")
    for result in results:
        dtype, error = result.dtype, result.finding.error
        x = result.finding.at[-1]
        cells = ""
        if composition is None:
            cells = f"{error:>7.2f}  {dtype.type(x)!s:<25}{_hex(x):<25}{result.limit:>5.2f}"
        print(f"  {result.level:<8}{cells:64}  {_verdict(result.ok)}")
        if composition is not None and error > 0:
            _show_place("has others", result.function, result.finding.at)
        if result.finding.differs:
            what = f"differs from {results[0].level}"
            _show_place(what, result.function, result.finding.differs)
    sys.stdout.flush()


def _show_place(what: str, function: str, point: examine.Point) -> None:
    """Print what is the case at some operands."""
    where = ", ".join(f"{name} = {value}" for name, value in _by_name(function, point).items())
    indents = {"initial_indent": "    ", "subsequent_indent": "      "}
    print(textwrap.fill(f"{what} at {where}", 80, break_on_hyphens=False, **indents))


def _by_name(function: str, point: examine.Point) -> dict[str, str]:
    names = FUNCTIONS[function].operands
    return {name: _hex(x) for name, x in zip(names, point, strict=True)}


def _hex(x: float) -> str:
    """Return x.hex() without the zeros at the end of the digits."""
    digits, p, exponent = x.hex().partition("p")
    return digits.rstrip("0").rstrip(".") + p + exponent


def _verify_facts(results: list[examine.Result]) -> dict[str, Any]:
    return {
        "version": gelu_simd.__version__,
        "cpu": gelu_simd.cpu_info()["cpu"],
        "results": [
            {
                "function": result.function,
                "dtype": result.dtype.name,
                "level": result.level,
                "inputs": result.finding.inputs,
                "max_ulp": _ulp(result, result.finding.error),
                "at": _by_name(result.function, result.finding.at),
                "differs_at": result.finding.differs
                and _by_name(result.function, result.finding.differs),
                "limit": _ulp(result, result.limit),
                "ok": result.ok,
            }
            for result in results
        ],
    }


def _ulp(result: examine.Result, error: float) -> float | None:
    """Return an error that JSON can hold; those of composed functions are not in ULP."""
    has_ulp = result.function in ELEMENTARY and math.isfinite(error)
    return error if has_ulp else None


def _show_speed() -> None:
    """Print the time per element of our functions beside that of the usual formulas."""
    timing.reuse_freed_memory()
    loaded, absent = peers.load(FORMULAS, threads=1)
    columns = [_ns_per_element(loaded, n) for n in SIZES.values()]

    def row(label: str, cells: Iterable[str]) -> str:
        return f"{label:<48}" + "".join(f" {cell:>7}" for cell in cells)

    print(_styled(row("Speed in ns per element (float32, one thread)", SIZES), BOLD))
    for name in ELEMENTARY:
        print(row(name, (f"{times[name]:.2f}" for times in columns)))
    for peer in loaded:
        formula, name = FORMULAS[peer.name]
        print(row(formula, (f"{times[peer.name]:.2f}" for times in columns)))
        ratios = (t[peer.name] / t[name] for t in columns)
        print(row(f"  ratio to {name}", (f"{r:.{1 if r < 100 else 0}f} x" for r in ratios)))
    for name, why in absent.items():
        print(f"{FORMULAS[name][0]}: {why}")


def _ns_per_element(formulas: Iterable[peers.Entry], n: int) -> dict[str, float]:
    """Time our functions and the formulas, by name."""
    a = timing.arrays(np.dtype(np.float32), n)
    one_thread = partial(using, gelu_simd.cpu_info()["isa"], threads=1)
    ways = {
        name: peers.Way(partial(_ufuncs.ufuncs[name], a.x, a.out), context=one_thread)
        for name in ELEMENTARY
    }
    ways |= {peer.name: peer.ways(FORMULAS[peer.name][1], a)["new"] for peer in formulas}
    timings = timing.alternate(ways, SECONDS)
    return {name: 1e9 * timing.minimum / n for name, timing in timings.items()}


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)


def _verdict(ok: bool) -> str:
    return _styled("ok", GREEN) if ok else _styled("MISS", RED)


def _styled(text: str, style: str) -> str:
    """Return `text` in bold or colour when standard output is a terminal that wants it."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    return f"\x1b[{style}m{text}\x1b[0m" if terminal and not os.environ.get("NO_COLOR") else text
