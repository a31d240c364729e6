"""Times of the kernels with 1 to 4 vectors side by side, by which csrc/kernels/<level>.c chooses.

Run: python vectors.py [LEVEL] [--cc CC] [--only REGEX] [--rounds N].  Each number of vectors is a
library of its own.  A round is a new process, which times all of them in turn: where its stack
and arrays lie changes times by up to a third, so that only the least of some rounds compare.

A loop that is fast in the caches may be slow beyond them.  So arrays have two sizes: a few fit the
second cache, or two fill the last one of many CPUs.
"""

import argparse
import ctypes
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ml_dtypes  # noqa: F401 - NumPy knows bfloat16 by it
import numpy as np
import numpy.typing as npt

import gelu_simd
from gelu_simd._functions import FUNCTIONS
from gelu_simd._types import TYPES

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import setup  # noqa: E402 - setup.py, for the levels' flags

NUMBERS = (1, 2, 3, 4)
CALLS = {128 << 10: 40, 16 << 20: 10}  # by the bytes of an array
INPUTS = max(len(row.operands) for row in FUNCTIONS.values())
OUTPUTS = max(len(row.results) for row in FUNCTIONS.values())


Kernel = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t)


class Table(ctypes.Structure):
    """gelu_simd_table of csrc/gelu_simd.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("bits", ctypes.c_char_p),
        ("kernels", Kernel * len(TYPES) * len(FUNCTIONS)),
    )


def build(compiler: str, level: str, number: int, path: Path) -> None:
    """Compile the kernels of a level, all of them with one number of vectors."""
    dialect = "clang" if "clang" in compiler else "gcc"
    flags = dict(setup.levels(setup.architecture(), dialect))[level]
    subprocess.run(
        [compiler, *flags, "-fPIC", "-shared", "-fvisibility=default", f"-I{ROOT / 'csrc'}",
         f"-DVECTORS(function,outputs,type)={number}",
         ROOT / "csrc" / "kernels" / f"{level}.c", "-o", path],
        check=True,
    )  # fmt: skip


@functools.cache
def arrays(dtype: str, size: int) -> list[npt.NDArray[np.generic]]:
    """Return inputs and outputs for any function, of so many bytes, normally distributed."""
    shape = INPUTS + OUTPUTS, size // TYPES[dtype].size
    return list((np.random.default_rng(0).standard_normal(shape) * 2).astype(dtype))


def measure(level: str, libraries: list[str], only: str) -> dict[str, list[float]]:
    """Return the least ns of an element, for each function and type: by size, then by library."""
    tables = [Table.in_dll(ctypes.CDLL(path), f"gelu_simd_table_{level}") for path in libraries]
    times = {}
    for i, (function, row) in enumerate(FUNCTIONS.items()):
        for j, dtype in enumerate(TYPES):
            name = f"{function} {dtype}"
            if dtype not in row.types or not re.search(only, name):
                continue
            times[name] = []
            for size, calls in CALLS.items():
                all_ = arrays(dtype, size)
                operands = all_[: len(row.operands)] + all_[INPUTS:][: len(row.results)]
                pointers = (ctypes.c_void_p * len(operands))(*(a.ctypes.data for a in operands))
                best = [float("inf")] * len(tables)
                for _ in range(calls):
                    for k, table in enumerate(tables):
                        start = time.perf_counter_ns()
                        table.kernels[i][j](pointers, operands[0].size)
                        best[k] = min(best[k], time.perf_counter_ns() - start)
                times[name] += [t / operands[0].size for t in best]
    return times


def main(level: str, compiler: str, only: str, rounds: int) -> None:
    """Print a row for each function and type.

    For each size of the arrays: ns with one vector, and the ratios of more to it.
    """
    with tempfile.TemporaryDirectory() as directory:
        libraries = [str(Path(directory) / f"{number}.so") for number in NUMBERS]
        for number, path in zip(NUMBERS, libraries, strict=True):
            build(compiler, level, number, Path(path))
        best: dict[str, list[float]] = {}
        for _ in range(rounds):
            command = [sys.executable, __file__, level, "--only", only, "--libraries", *libraries]
            out = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
            for name, times in json.loads(out).items():
                best[name] = [min(pair) for pair in zip(times, best.get(name, times), strict=True)]
    count = len(NUMBERS)
    more = "".join(f"{number:8}" for number in NUMBERS[1:])
    heads = (f"{f'{size >> 10} KiB: ns':>16}{more}" for size in CALLS)
    print(f"{level:36}" + "".join(heads))
    for name, times in best.items():
        cells = (times[i : i + count] for i in range(0, len(times), count))
        text = (
            f"{one:16.4f}" + "".join(f"{time / one:8.3f}" for time in rest) for one, *rest in cells
        )
        print(f"{name:36}" + "".join(text))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    info = gelu_simd.cpu_info()
    parser.add_argument(
        "level", nargs="?", choices=info["available"], default=info["isa"],
        help="default: %(default)s",
    )  # fmt: skip
    parser.add_argument("--cc", default=os.environ.get("CC", "gcc"), help="default: %(default)s")
    parser.add_argument("--only", default="", metavar="REGEX", help="functions and types")
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="default: %(default)s")
    parser.add_argument("--libraries", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.libraries:
        json.dump(measure(args.level, args.libraries, args.only), sys.stdout)
    else:
        main(args.level, args.cc, args.only, args.rounds)
