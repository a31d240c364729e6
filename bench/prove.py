"""Proves that the correctly rounded functions are: all 2^32 float32 inputs, on every level here.

    python bench/prove.py                        prove all functions, or go on where it was stopped
    python bench/prove.py --function cr_gelu     some of them
    python bench/publish.py proof build/proof.json   publish a complete proof

Every result is compared with a reference in pairs of float64: prove.c, compiled by this program.
A result is proven if the reference's value, give or take its error, lies nearer to it than to any
other float32.  Where the error reaches over the middle between two floats, mpmath decides with 60
digits.  Beside that the largest errors of the functions of `gelu_simd` are measured; they must be
those that it publishes.  Needs a C compiler, mpmath and about two minutes a function on two cores.

The reference's error.  It is at most 2^-72 of the value:

* g's Taylor series of degree 14 is cut off at |d| <= 2^-5 + 2^-9 from its node.  The terms 15 to
  40, computed in decimal arithmetic at all nodes, sum to less than 2^-87 of g, and the last of them
  fall by 0.6 or more a term.  Next to the root of g, a node, that is 2^-87 of t - root too.
* exp's series of degree 9 is cut off at |y| <= ln(2)/128: below 2^-96.
* The coefficients of degree 0 to 6, and the constants, are pairs rounded at 2^-106; the others, at
  2^-53, are multiplied by d^7 < 2^-34 (exp: 2^-52): 2^-87.
* A product or sum of pairs rounds at 2^-102 of its operands (Joldes, Muller and Popescu, ACM TOMS
  44, 2017: within 10 units of 2^-106).  Fewer than 64 follow each other, and where terms cancel, in
  1 - p and in g, they are at most 2^4 times the sum, but for d, whose leading difference is exact:
  2^-92.
* z is at most 2^8, so its relative error of 2^-101 is one of 2^-93 in exp(-z).

The tests compare the reference with 60 digits and find errors below 2^-86.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from marks import ROOT
from mpmath import mp, mpf
from numpy.typing import NDArray

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check import oracle
from gelu_simd._check.digest import digest
from gelu_simd._cli.progress import Progress
from gelu_simd._functions import CORRECT, ELEMENTARY, FUNCTIONS
from gelu_simd._levels import BITS, GROUPS, using
from gelu_simd._measured import MEASURED

SOURCE = Path(__file__).with_suffix(".c")
STATE = ROOT / "build" / "proof.json"  # what is done

NAMES = [name for name in ELEMENTARY if FUNCTIONS[name].tier is CORRECT]
BLOCK = 1 << 24  # inputs between two entries in the state
PARTS = 64  # of a block, for threads
BOUND = 2.0**-72  # of the reference's relative error
WITHIN = 2.0**-17  # ULP from a middle: what counts as hard
HARDEST = 100
FLOATS = 1 << 32

Floats = NDArray[np.float32]

# ---------------------------------------------------------------------------------------------
# The reference in C

FINDING = np.dtype(
    [("x", "f4"), ("got", "f4"), ("distance", "f8"), ("wrong", "i4"), ("unused", "i4")]
)
CERTAIN, DOUBTFUL = 1, 2  # values of `wrong`

Numbers = ctypes.POINTER(ctypes.c_double)


class Form(ctypes.Structure):
    """The `form` of prove.c."""

    _fields_ = [
        ("nodes", ctypes.c_long),
        *((name, Numbers) for name in ("node", "high", "low", "step", "power")),
        *((name, Numbers) for name in ("exp_high", "exp_low", "slope", "cubic")),
        ("end", ctypes.c_double),
        ("is_derivative", ctypes.c_int),
    ]


class Other(ctypes.Structure):
    """The `other` of prove.c."""

    _fields_ = [("got", ctypes.c_void_p), ("error", ctypes.c_double), ("x", ctypes.c_float)]


class Reference:
    """The reference of one function."""

    library: ctypes.CDLL | None = None

    def __init__(self, function: str) -> None:
        """Compile the source, at the first call, and make the tables."""
        if Reference.library is None:
            Reference.library = compiled()
        tables = oracle.tables(function)
        self.arrays = {name: np.ascontiguousarray(a, float) for name, a in tables.arrays.items()}
        pointers = {name: a.ctypes.data_as(Numbers) for name, a in self.arrays.items()}
        self.form = Form(
            nodes=self.arrays["node"].shape[1],
            end=tables.end,
            is_derivative=FUNCTIONS[function].order,
            **pointers,
        )

    def check(self, first: int, got: Floats, others: list[Floats]) -> tuple[Any, list[Other]]:
        """Return findings about results from the bits `first` on, and errors of the others."""
        findings = np.empty(1 << 14, FINDING)
        structs = (Other * len(others))(*(Other(a.ctypes.data, 0, 0) for a in others))
        count = self.library.check(
            ctypes.byref(self.form), ctypes.c_uint32(first), ctypes.c_long(got.size),
            ctypes.c_void_p(got.ctypes.data), ctypes.c_double(BOUND), ctypes.c_double(WITHIN),
            ctypes.c_void_p(findings.ctypes.data), ctypes.c_long(findings.size), structs,
            ctypes.c_int(len(others)),
        )  # fmt: skip
        if count < 0:
            raise ProofError(f"over {findings.size} wrong results from bits {first:#x} on")
        return findings[:count], list(structs)

    def values(self, x: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the values at x, 2^-64 <= |x| <= end, as pairs."""
        high, low = np.empty((2, x.size))
        self.library.values(
            ctypes.byref(self.form), ctypes.c_void_p(x.ctypes.data), ctypes.c_long(x.size),
            ctypes.c_void_p(high.ctypes.data), ctypes.c_void_p(low.ctypes.data),
        )  # fmt: skip
        return high, low


class ProofError(Exception):
    """The proof cannot be made."""


def compiled() -> ctypes.CDLL:
    """Compile the source and load it."""
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    options = ["-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "prove.so"
        command = [*compiler.split(), *options, str(SOURCE), "-o", str(target), "-lm"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise ProofError(f"cannot run the C compiler {compiler}: {error.strerror}") from None
        if done.returncode != 0:
            raise ProofError(f"cannot compile {SOURCE.name}: {done.stderr}")
        library = ctypes.CDLL(str(target))
    library.check.restype = ctypes.c_long
    return library


# ---------------------------------------------------------------------------------------------
# 60 digits


def exact(function: str, x: float) -> mpf:
    """Return a function's value at a float32, to 60 digits."""
    row = FUNCTIONS[function]
    with mp.workdps(120):  # next to a root 20 digits cancel
        x = mpf(x)
        if row.form == "exact":
            tail, density = mp.erfc(-x / mp.sqrt(2)) / 2, mp.npdf(x)
        else:
            slope, cubic = mp.sqrt(2 / mp.pi), mpf("0.044715")
            tail = 1 / (1 + mp.exp(-2 * slope * (x + cubic * x**3)))
            density = tail * (1 - tail) * 2 * slope * (1 + 3 * cubic * x * x)
        value = tail + x * density if row.order else x * tail
    with mp.workdps(60):
        return +value


def is_nearest(function: str, x: float, got: float) -> bool:
    """Tell whether a result is the nearest float32, by 60 digits."""
    with mp.workdps(60):
        value = exact(function, x)
        below, above = (np.nextafter(np.float32(got), np.float32(to)) for to in (-np.inf, np.inf))
        return all(abs(value - mpf(got)) < abs(value - mpf(float(y))) for y in (below, above))


# ---------------------------------------------------------------------------------------------
# The proof


def blank() -> dict[str, Any]:
    """Return the state of a function of which nothing is done."""
    return {"done": 0, "misses": [], "doubtful": 0, "seconds": 0.0, "hardest": [], "errors": {}}


def evaluate(function: str, level: str, x: Floats) -> Floats:
    """Return the results of a level."""
    with using(level, threads=_ufuncs.get_num_threads()), np.errstate(all="ignore"):
        return _ufuncs.ufuncs[function](x)


def prove_block(reference: Reference, function: str, first: int, state: dict[str, Any]) -> None:
    """Compare the results of all levels for one block; the reference is computed once."""
    x = np.arange(first, first + BLOCK, dtype=np.uint32).view(np.float32)
    best, *rest = gelu_simd.cpu_info()["available"]
    got = evaluate(function, best, x)
    misses = []
    for level in rest:
        other = evaluate(function, level, x)
        differ = (other.view(np.uint32) != got.view(np.uint32)) & ~(np.isnan(other) & np.isnan(got))
        misses += [[level, float(v).hex()] for v in x[differ][:HARDEST]]
    groups = {BITS[level]: level for level in reversed([best, *rest])}
    beside = FUNCTIONS[function].public
    others = [evaluate(beside, level, x) for level in groups.values()]

    def part(k: int) -> tuple[Any, list[Other]]:
        cut = slice(k * BLOCK // PARTS, (k + 1) * BLOCK // PARTS)
        return reference.check(first + cut.start, got[cut], [a[cut] for a in others])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for findings, errors in pool.map(part, range(PARTS)):
            for row in findings[findings["wrong"] == CERTAIN]:
                misses.append([best, float(row["x"]).hex()])
            for row in findings[findings["wrong"] == DOUBTFUL]:
                state["doubtful"] += 1
                if not is_nearest(function, float(row["x"]), float(row["got"])):
                    misses.append([best, float(row["x"]).hex()])
            state["hardest"] += [
                [float(row["x"]).hex(), float(row["got"]).hex(), float(row["distance"])]
                for row in findings[np.isfinite(findings["distance"])]
            ]
            for group, largest in zip(groups, errors, strict=True):
                if largest.error > state["errors"].get(group, [0])[0]:
                    state["errors"][group] = [largest.error, float(largest.x).hex()]
    state["hardest"] = sorted(state["hardest"], key=lambda row: abs(row[2]))[:HARDEST]
    state["misses"] = (state["misses"] + misses)[:HARDEST]


def identity(function: str) -> dict[str, Any]:
    """Return what a state belongs to: the bits, and the levels."""
    return {
        "bits": digest(_ufuncs.ufuncs[function], np.dtype(np.float32)),
        "levels": gelu_simd.cpu_info()["available"],
    }


def load(file: Path) -> dict[str, Any]:
    """Return the states of a former run."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def save(file: Path, states: dict[str, Any]) -> None:
    """Replace a file of states, so that an interrupted run leaves a whole one."""
    file.parent.mkdir(exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(states, indent=1) + "\n", encoding="utf-8")
    new.replace(file)


def prove(functions: list[str], file: Path) -> bool:
    """Prove functions, going on with what the file holds; tell whether all results are right."""
    states = load(file)
    for function in functions:
        if states.get(function, {}).get("identity") != identity(function):
            states[function] = blank() | {"identity": identity(function)}
    before = sum(states[name]["done"] for name in functions)
    total = len(functions) * FLOATS - before
    with Progress() as progress:
        for function in functions:
            state, reference = states[function], Reference(function)
            while state["done"] < FLOATS:
                start = time.monotonic()
                prove_block(reference, function, state["done"], state)
                state["done"] += BLOCK
                state["seconds"] += time.monotonic() - start
                save(file, states)
                done = sum(states[name]["done"] for name in functions) - before
                progress.update(done, total)
            progress.erase()
            print(summary(function, state), flush=True)
    return all(is_right(function, states[function]) for function in functions)


def published(function: str) -> dict[str, float]:
    """Return the largest errors that are published of the function beside one, by group."""
    beside = FUNCTIONS[function].public
    float32 = np.dtype(np.float32).name
    return {group: MEASURED[beside, float32, group].error for group in GROUPS}


def is_right(function: str, state: dict[str, Any]) -> bool:
    """Tell whether no result is wrong, and the other errors are those published."""
    errors = {group: round(error, 4) for group, (error, _) in state["errors"].items()}
    return not state["misses"] and errors.items() <= published(function).items()


def summary(function: str, state: dict[str, Any]) -> str:
    """Return a line on the proof of a function."""
    beside = FUNCTIONS[function].public
    errors = ", ".join(
        f"{group} {error:.4f} at {x} (published {published(function)[group]:.4f})"
        for group, (error, x) in state["errors"].items()
    )
    hardest = "".join(
        f"hardest {x} at {distance:.3g} ULP from a middle, "
        for x, _, distance in state["hardest"][:1]
    )
    return (
        f"{function}: {state['done']} inputs on {', '.join(state['identity']['levels'])}, "
        f"{len(state['misses'])} misses {state['misses'][:3] or ''}, "
        f"{state['doubtful']} decided by 60 digits, {hardest}"
        f"{state['seconds']:.0f} s; {beside}: {errors}"
    )


def main() -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--function", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--state", type=Path, default=STATE, help="file to go on from")
    options = parser.parse_args()
    try:
        return 0 if prove(options.function, options.state) else 1
    except ProofError as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
