"""What is published of the proof: the facts, the hardest inputs, the errors in _measured.py."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import prove
from marks import ROOT
from mpmath import mp

from gelu_simd import _ufuncs
from gelu_simd._check.digest import digest
from gelu_simd._functions import FUNCTIONS
from gelu_simd._measured import Largest

PROOF = ROOT / "bench" / "results" / "proof.json"
WORST = ROOT / "tests" / "worst.csv"
DIGITS = 40

States = dict[str, dict[str, Any]]


def read(file: Path) -> States:
    """Return the states of all functions; raise ValueError unless they prove this package."""
    states = prove.load(file)
    for name in prove.NAMES:
        state = states.get(name, prove.blank())
        if state["done"] < prove.FLOATS or state["identity"] != prove.identity(name):
            raise ValueError(f"{file} does not prove {name} of this package: run bench/prove.py")
        if not prove.is_right(name, state):
            raise ValueError(f"{file} has misses of {name}, or errors that are not those published")
    return states


def facts(states: States) -> str:
    """Return the facts of the proof as JSON."""
    figures = {
        name: {
            **states[name]["identity"],
            "inputs": states[name]["done"],
            "misses": len(states[name]["misses"]),
            "decided_by_60_digits": states[name]["doubtful"],
            "hardest": dict(zip(("x", "nearest", "ulp"), states[name]["hardest"][0], strict=True)),
            "bits_of_the_faster_function": digest(
                _ufuncs.ufuncs[FUNCTIONS[name].public], np.dtype(np.float32)
            ),
            "errors_of_the_faster_function": {
                group: {"ulp": error, "x": x}
                for group, (error, x) in sorted(states[name]["errors"].items())
            },
            "seconds": round(states[name]["seconds"]),
        }
        for name in prove.NAMES
    }
    return json.dumps(figures, indent=1) + "\n"


def rows(states: States) -> Iterator[list[str]]:
    """Yield the hardest inputs, the hardest first."""
    yield ["function", "x", "nearest", "exact", "ulp_from_middle"]
    for name in prove.NAMES:
        for x, nearest, distance in states[name]["hardest"]:
            exact = mp.nstr(prove.exact(name, float.fromhex(x)), DIGITS, strip_zeros=False)
            yield [FUNCTIONS[name].public, x, nearest, exact, f"{distance:.6e}"]


def worst(states: States) -> str:
    """Return tests/worst.csv."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows(states))
    return stream.getvalue()


def short(hexadecimal: str) -> str:
    """Return a number in hexadecimal without the zeros at the end of its digits."""
    digits, p, exponent = hexadecimal.partition("p")
    return digits.rstrip("0").rstrip(".") + p + exponent


def errors(states: States) -> dict[tuple[str, str, str], Largest]:
    """Return the largest error of each function: half an ULP, but for the least distance."""
    return {
        (name, "float32", group): Largest(
            round(0.5 - abs(states[name]["hardest"][0][2]), 4),
            short(states[name]["hardest"][0][0]),
            states[name]["done"],
        )
        for name in prove.NAMES
        for group in states[name]["errors"]
    }
