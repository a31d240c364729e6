"""The command line: ``python -m gelu_simd`` or ``gelu-simd``."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check.workers import WorkerError
from gelu_simd._cli import screens
from gelu_simd._cli.apply import apply
from gelu_simd._cli.bench import bench
from gelu_simd._cli.files import FileError
from gelu_simd._cli.progress import Progress
from gelu_simd._compare import report
from gelu_simd._compare.peers import PEERS

UFUNCS = _ufuncs.ufuncs


FUNCTIONS = {name: ufunc for name, ufunc in UFUNCS.items() if ufunc.nin == 1}


DTYPES = {dtype.name: dtype for dtype in _ufuncs.dtypes}


# A .npy file does not distinguish bfloat16 from other data of two bytes.
STORABLE = {name: dtype for name, dtype in DTYPES.items() if dtype.isbuiltin == 1}


LEVELS = gelu_simd.cpu_info()["available"]


VALUES_AND_GRADIENTS = [name for name in UFUNCS if not name.endswith("grad")]


SIZES = [1, 1 << 10, 1 << 16, 1 << 22]


SAMPLES = 5_000_000


SAMPLES_EXHAUSTIVE = 100_000_000


EXAMPLES = """\
examples:
  gelu-simd                                    check accuracy and speed here, in seconds
  gelu-simd apply x.npy y.npy                  y = gelu(x), for files of any size
  gelu-simd apply x.npy x.npy --function gelu_tanh --dtype float32
  gelu-simd verify                             every function, type and level here
  gelu-simd verify --exhaustive --dtype float32 --function gelu
  gelu-simd bench --plot speed.png             times next to the other libraries installed
  gelu-simd info --json                        version, CPU, functions and limits for scripts
  GELU_SIMD_ISA=portable gelu-simd             the same on another level

exit codes: 0 success, 1 an accuracy limit is missed or levels differ, 2 wrong usage or bad file,
  128 + n stopped by signal n
"""


APPLY = """\
Write FUNCTION(IN) to OUT, block by block: memory stays bounded for files of any size, in C
or Fortran order and either byte order. OUT has the shape and order of IN, in native byte
order. It appears only when it is complete, so OUT may be IN, and an interrupted run leaves an
old OUT untouched. A symbolic link is followed; an existing OUT keeps its permissions.
"""


VERIFY = f"""\
Compare the results on this CPU, level by level, with an independent high-precision reference,
on all cores. Levels other than portable must also agree with one another, bit for bit, and the
gradients (backward) with dy times the derivative.

Types of two bytes are checked on all their numbers; float32 on all with --exhaustive, in minutes
a function; else the hard cases, the neighbours of every branch and {SAMPLES:.0e} random numbers,
{SAMPLES_EXHAUSTIVE:.0e} with --exhaustive, are taken.
"""


BENCH = """\
Time every level of this CPU next to other ways to compute the same, in one process and in turn.
The table holds ns per element of the fastest round, the ratio to the best level, and the largest
error in ULP. What is not installed is named and left out; asked for by name, it is an error. A peer
whose results are not close to ours is an error, not a time.
"""


class Interrupted(BaseException):
    """A signal, whose number is the argument, asked the program to stop."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2 and one line on stderr."""
        self.exit(2, "gelu-simd: error: " + " ".join(message.splitlines()) + "\n")


def parser() -> Parser:
    """Return the parser; the function to run is the attribute ``run`` of what it parses."""
    top = Parser(
        prog="gelu-simd",
        description="Without a command: check the accuracy and speed of gelu_simd here.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"gelu-simd {gelu_simd.__version__}")
    top.set_defaults(run=lambda _: screens.overview())
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    apply = commands.add_parser(
        "apply", help="apply a function to a .npy file of any size", description=APPLY
    )
    apply.add_argument("source", type=Path, metavar="IN.npy", help="the file to read")
    apply.add_argument(
        "target", type=Path, metavar="OUT.npy", help="the file to write; it may be IN.npy"
    )
    apply.add_argument(
        "--function",
        choices=FUNCTIONS,
        default="gelu",
        metavar="FUNCTION",
        help=f"one of {', '.join(FUNCTIONS)} (default: %(default)s)",
    )
    apply.add_argument(
        "--dtype",
        type=storable,
        choices=STORABLE,
        metavar="DTYPE",
        help=f"compute in and write one of {', '.join(STORABLE)}; "
        "default: what the function gives for the type of IN",
    )
    apply.set_defaults(run=run_apply)

    verify = commands.add_parser(
        "verify", help="check every function, type and level on this CPU", description=VERIFY
    )
    verify.add_argument("--exhaustive", action="store_true", help="check all float32 numbers")
    for option, choices in (("function", UFUNCS), ("dtype", DTYPES), ("isa", LEVELS)):
        verify.add_argument(
            f"--{option}",
            nargs="+",
            action="extend",
            type=installed if option == "dtype" else str,
            choices=choices,
            metavar=option.upper(),
            help=f"some of {', '.join(choices)} (default: all)",
        )
    verify.add_argument(
        "--samples", type=count, metavar="N", help="random numbers per function, such as 1e9"
    )
    verify.add_argument("--json", action="store_true", help="as one JSON object, at the end")
    verify.set_defaults(run=run_verify)

    bench = commands.add_parser(
        "bench",
        help="time every level next to other libraries",
        description=BENCH,
    )
    bench.add_argument(
        "--peers",
        nargs="+",
        action="extend",
        choices=["all", "none", *PEERS],
        metavar="PEER",
        help=f"some of {', '.join(PEERS)}, or none (default: all that are installed)",
    )
    bench.add_argument(
        "--function",
        nargs="+",
        action="extend",
        choices=UFUNCS,
        metavar="FUNCTION",
        help=f"some of {', '.join(UFUNCS)} (default: {', '.join(VALUES_AND_GRADIENTS)})",
    )
    bench.add_argument(
        "--dtype",
        nargs="+",
        action="extend",
        type=installed,
        choices=DTYPES,
        metavar="DTYPE",
        help=f"some of {', '.join(DTYPES)} (default: float32)",
    )
    bench.add_argument(
        "--sizes",
        nargs="+",
        action="extend",
        type=size,
        metavar="N",
        help=f"numbers of elements (default: {' '.join(map(report.size_name, SIZES))})",
    )
    bench.add_argument(
        "--threads",
        choices=["1", "own"],
        default="1",
        metavar="1|own",
        help="one thread for each peer (default), or as many as it takes by itself; "
        "this package takes one",
    )
    bench.add_argument(
        "--seconds", type=seconds, default=60, metavar="S", help="to measure in all (default: 60)"
    )
    bench.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    bench.add_argument(
        "--plot", type=Path, metavar="FILE.png", help="draw times and errors; needs matplotlib"
    )
    bench.set_defaults(run=run_bench)

    info = commands.add_parser("info", help="show version, CPU, functions and limits")
    info.add_argument("--json", action="store_true", help="as one JSON object")
    info.set_defaults(run=lambda args: screens.info(as_json=args.json))
    return top


def run_apply(args: argparse.Namespace) -> int:
    """Run the command ``apply``."""
    with Progress() as progress:
        apply(
            FUNCTIONS[args.function],
            args.source,
            args.target,
            STORABLE.get(args.dtype),
            progress.update,
        )
    return 0


def installed(name: str) -> str:
    """Refuse the name of a type that a package would bring."""
    if name == "bfloat16" and name not in DTYPES:
        raise argparse.ArgumentTypeError("bfloat16 needs ml_dtypes: pip install ml_dtypes")
    return name


def storable(name: str) -> str:
    """Refuse the name of a type that the ufuncs know but files do not."""
    if name == "bfloat16":
        raise argparse.ArgumentTypeError(
            f"a .npy file cannot hold {name!r}, but {', '.join(STORABLE)}"
        )
    return name


def size(text: str) -> int:
    """Read a number of elements, such as 16Ki."""
    try:
        return report.size(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None


def run_bench(args: argparse.Namespace) -> int:
    """Run the command ``bench``."""
    asked = set(args.peers or ["all"])
    if len({"all", "none"} & asked) == 0:
        peers = [name for name in PEERS if name in asked]
    elif len(asked) > 1:
        raise report.BenchError("--peers takes all, none or names")
    else:
        peers = None if asked == {"all"} else []
    bench(
        peers,
        [name for name in UFUNCS if name in (args.function or VALUES_AND_GRADIENTS)],
        [DTYPES[name] for name in DTYPES if name in (args.dtype or ["float32"])],
        sorted(set(args.sizes or SIZES)),
        None if args.threads == "own" else 1,
        args.seconds,
        args.json,
        args.plot,
    )
    return 0


def count(text: str) -> int:
    """Read a number of elements, such as 1e9."""
    number = seconds(text)
    if not number.is_integer():
        raise argparse.ArgumentTypeError(f"not a whole number: {text!r}")
    return int(number)


def seconds(text: str) -> float:
    """Read a positive number."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"not a positive number: {text!r}")
    return number


def run_verify(args: argparse.Namespace) -> int:
    """Run the command ``verify``."""
    return screens.verify(
        [name for name in UFUNCS if args.function is None or name in args.function],
        [dtype for name, dtype in DTYPES.items() if args.dtype is None or name in args.dtype],
        [level for level in LEVELS if args.isa is None or level in args.isa],
        args.samples or (SAMPLES_EXHAUSTIVE if args.exhaustive else SAMPLES),
        args.exhaustive,
        args.json,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    top = parser()
    try:
        stop_on_signals()
        try:
            args = top.parse_args(argv)
            return args.run(args)
        finally:
            print(end="", flush=True)
    except Interrupted as exc:
        signum = exc.args[0]
        print(f"gelu-simd: stopped by {signal.Signals(signum).name}", file=sys.stderr)
        return 128 + signum
    except (FileError, report.BenchError, WorkerError) as exc:
        top.error(str(exc))
    except OSError as exc:
        # Nobody reads standard output any more, or it is full: let the flush at exit be silent.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(exc, BrokenPipeError):
            return 128 + 13  # what a shell reports for SIGPIPE
        top.error(f"cannot write to standard output: {exc.strerror}")


def stop_on_signals() -> None:
    """Raise Interrupted on the signals that ask for an end, unless they are ignored already."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signum = getattr(signal, name, None)  # Windows has no SIGHUP
        if signum is not None and signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, stop)


def stop(signum: int, _: FrameType | None) -> NoReturn:
    """Handle a signal."""
    signal.signal(signum, signal.SIG_IGN)  # a second Ctrl-C must not cut the clean-up short
    raise Interrupted(signum)
