"""Cycles per element of the inner loops on CPUs not at hand, simulated by llvm-mca.

Run: python cycles.py [DTYPE ...]; float32 by default.  The loops are those that gcc makes of
the kernels; Debian's gcc, gcc-aarch64-linux-gnu and llvm-19 (or later) have all that is needed.
The simulation takes data from the nearest cache and knows no miss of any kind.  `bound` is what
the busiest unit alone would take, `fma` counts the products, fused or not.  Exits with 1 if a
NEON loop of float32 spills more than a few registers or computes in scalars.
"""

import argparse
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gelu_simd._functions import FUNCTIONS
from gelu_simd._types import TYPES

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import setup  # noqa: E402 - setup.py, for the levels' flags

# Level, architecture, CPU as LLVM names it, bytes of a vector: two registers.
CPUS = [
    ("neon", "aarch64", "neoverse-v2", 32),
    ("neon", "aarch64", "neoverse-n1", 32),
    ("neon", "aarch64", "apple-m1", 32),
    ("avx2", "x86_64", "icelake-server", 64),
    ("avx2", "x86_64", "znver4", 64),
    ("avx512", "x86_64", "icelake-server", 128),
    ("avx512", "x86_64", "znver4", 128),
]

# Level and type whose loops must not compute in scalars, and the most registers they may spill: the
# correctly rounded functions spill 7; tables that gcc copies to the stack made 11 in gelu.
CLEAN = ("neon", "float32")
SPILLS = 8

BRANCH = re.compile(r"\s+(?:b\.?\w*|j\w+|cbn?z|tbn?z)\s+(?:.*,\s*)?(\.L\w+)$")
STACK_STORE = re.compile(r"\s+(?:st\w+\s.*\[sp|v?mov\w+\s+%\w+, .*\(%r[sb]p)")
PRODUCT = re.compile(r"\s+(?:vfn?m\w+p[sd]|vmulp[sd]|fml[as]|fmul)\s")
SCALAR = re.compile(r"\s+(?:f\w+\s+[sdh]\d+|v(?!broadcast)\w+s[sd]\s)")


class Loop(NamedTuple):
    """The innermost loop over whole vectors, and what there is to say of it."""

    instructions: list[str]
    spills: int
    scalars: int


def tool(*names: str) -> str:
    """Return the first of some programs that is installed."""
    program = next(filter(None, map(shutil.which, names)), None)
    return program or sys.exit(f"this needs {names[0]}")


def gcc(level: str, arch: str, *options: str | Path, text: str | None = None) -> str:
    """Run the compiler with the flags of a level."""
    flags = dict(setup.levels(arch, "gcc"))[level]
    command = [tool(f"{arch}-linux-gnu-gcc"), *flags, f"-I{ROOT / 'csrc'}", *options]
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout


@cache
def assembly(level: str, arch: str) -> list[str]:
    """Compile one level's kernels."""
    return gcc(level, arch, "-S", ROOT / "csrc" / "kernels" / f"{level}.c", "-o", "-").splitlines()


@cache
def vectors(level: str, arch: str) -> dict[str, int]:
    """Return how many vectors each loop computes side by side: VECTORS of csrc/kernels.inc."""
    lines = [f'#include "kernels/{level}.c"']
    for function, row in FUNCTIONS.items():
        for dtype in row.types:
            call = f"{function}, {len(row.results)}, {TYPES[dtype].suffix}"
            lines.append(f"@ {function} {dtype} VECTORS({call})")
    out = gcc(level, arch, "-E", "-P", "-x", "c", "-", text="\n".join(lines))
    words = [line.split() for line in out.splitlines() if line.startswith("@")]
    return {f"{function} {dtype}": int(number) for _, function, dtype, number in words}


def loop(lines: list[str], label: str) -> Loop | None:
    """Return the longest loop that calls nothing, or None: some kernels only jump to another."""
    start = lines.index(f"{label}:")
    end = next(i for i in range(start, len(lines)) if lines[i].startswith(f"\t.size\t{label}"))
    body = lines[start:end]
    labels = {line[:-1]: i for i, line in enumerate(body) if line.endswith(":")}
    jumps = ((labels.get(m[1], end), i) for i, line in enumerate(body) if (m := BRANCH.match(line)))
    loops = [body[first + 1 : last + 1] for first, last in jumps if first < last]
    loops = [part for part in loops if not any(re.match(r"\s+(bl|call)\s", x) for x in part)]
    if not loops:
        return None
    code = [line for line in max(loops, key=len) if re.match(r"\t\w", line)]
    spills, scalars = (sum(bool(p.match(line)) for line in code) for p in (STACK_STORE, SCALAR))
    return Loop(code, spills, scalars)


def simulate(code: list[str], arch: str, cpu: str) -> tuple[float, float]:
    """Return the cycles of one round, and the bound of the busiest unit."""
    rounds = 200
    command = [tool("llvm-mca-19", "llvm-mca"), f"-mtriple={arch}-linux-gnu", f"-mcpu={cpu}"]
    done = subprocess.run(
        [*command, f"-iterations={rounds}"],
        input="\n".join(code), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        reason = done.stderr.strip().partition("\n")[0]
        sys.exit(f"{command[0]} cannot simulate {cpu}: {reason}; that of LLVM 19 can")
    cycles = re.search(r"Total Cycles:\s+(\d+)", done.stdout)[1]
    bound = re.search(r"Block RThroughput:\s+([\d.]+)", done.stdout)[1]
    return int(cycles) / rounds, float(bound)


def type_name(dtype: str) -> str:
    """Return the name of a type, or refuse it."""
    if dtype not in TYPES:
        raise argparse.ArgumentTypeError(f"{dtype!r} is none of {', '.join(TYPES)}")
    return dtype


def main(dtypes: list[str]) -> int:
    """Print a row for each function, type, level and CPU."""
    failed = False
    print(
        f"{'':34}{'level':8}{'CPU':16}{'cycles':>8}{'bound':>8}"
        f"{'fma':>8}{'instructions':>14}{'spills':>8}"
    )
    for dtype in dtypes:
        size = TYPES[TYPES[dtype].lane].size
        for function, row in FUNCTIONS.items():
            if dtype not in row.types:
                continue
            for level, arch, cpu, width in CPUS:
                inner = loop(assembly(level, arch), f"{function}_{TYPES[dtype].suffix}_kernel")
                if inner is None:
                    continue
                lanes = width // size * vectors(level, arch)[f"{function} {dtype}"]
                cycles, bound = (c / lanes for c in simulate(inner.instructions, arch, cpu))
                products = sum(bool(PRODUCT.match(line)) for line in inner.instructions) / lanes
                instructions = len(inner.instructions) / lanes
                print(
                    f"{function:24}{dtype:10}{level:8}{cpu:16}{cycles:8.2f}{bound:8.2f}"
                    f"{products:8.2f}{instructions:14.1f}{inner.spills:8}"
                )
                if (level, dtype) == CLEAN:
                    failed |= inner.spills > SPILLS or inner.scalars > 0
    return int(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "dtypes", nargs="*", type=type_name, metavar="DTYPE",
        help=f"some of {', '.join(TYPES)} (default: float32)",
    )  # fmt: skip
    sys.exit(main(parser.parse_args().dtypes or ["float32"]))
