"""The command line: ``python -m gelu_simd`` or ``gelu-simd``."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check.examine import ModeError
from gelu_simd._check.workers import WorkerError
from gelu_simd._cli import screens
from gelu_simd._cli.apply import apply
from gelu_simd._cli.bench import bench
from gelu_simd._cli.files import PREFIX, STANDARD, SUFFIX, FileError
from gelu_simd._cli.progress import Progress, silence, tell
from gelu_simd._compare import report
from gelu_simd._compare.peers import PEERS
from gelu_simd._functions import FAST, Kind
from gelu_simd._functions import FUNCTIONS as RECORDS
from gelu_simd._types import TYPES

UFUNCS = _ufuncs.ufuncs
FUNCTIONS = {name: ufunc for name, ufunc in UFUNCS.items() if ufunc.nargs == 2}
DTYPES = {dtype.name: dtype for dtype in _ufuncs.dtypes}

# Types that the header of a .npy file cannot name: NumPy writes them as raw bytes.
UNNAMED = {name: row.raw for name, row in TYPES.items() if row.raw is not None}

LEVELS = gelu_simd.cpu_info()["available"]

# The functions that networks call: values and gradients, no bare derivatives.
VALUES_AND_GRADIENTS = [
    name
    for name, row in RECORDS.items()
    if row.tier is FAST and row.kind in {Kind.VALUE, Kind.GRADIENT}
]

SPELLINGS = "such as 1000, 1e9, 16Ki or 4Mi"
SIZES = [1, 1 << 10, 1 << 16, 1 << 22]
SAMPLES = 5_000_000
SAMPLES_EXHAUSTIVE = 100_000_000

EXAMPLES = """\
examples:
  gelu-simd                                    check accuracy and speed here, in seconds
  gelu-simd apply x.npy y.npy                  y = gelu(x), for files of any size
  gelu-simd apply x.npy x.npy --function gelu_tanh --dtype float32
  zcat x.npy.gz | gelu-simd apply - - | gzip > y.npy.gz
  gelu-simd verify                             every function, type and level here
  gelu-simd verify --exhaustive --dtype float32 --function gelu
  gelu-simd bench --plot speed.png             times next to the other libraries installed
  gelu-simd info --json -                      version, CPU, functions and limits for scripts
  GELU_SIMD_ISA=portable gelu-simd             the same on another level

exit codes: 0 success, 1 an accuracy limit is missed or levels differ, 2 wrong usage or bad file,
  128 + n stopped by signal n
"""


APPLY = f"""\
Write FUNCTION(IN) to OUT, block by block: memory stays bounded for files of any
size, in C or Fortran order and either byte order. OUT has the shape and order
of IN, in native byte order. IN and OUT may be pipes; - is standard input and
standard output.

A file OUT appears only when it is complete: OUT may be IN, and an interrupted
run leaves an old OUT untouched. Symbolic links are followed. OUT is a new file
in the place of the old one: other hard links to the old file keep the old
numbers. The new file gets the old one's permissions, and its owner and group
where that is permitted; else nobody may do more than before. On Linux it also
gets the access control list and the user attributes, elsewhere it does not.

On Linux nothing remains of a killed run, unless it was killed in the instant
in which an old OUT is replaced. Then, and elsewhere or on file systems without
unnamed files, a file {PREFIX}*{SUFFIX} may remain beside OUT, and the next
run there says so. In a folder with the sticky bit that all may write to, such
as /tmp, an OUT that belongs to another user is refused.
"""

VERIFY = f"""\
Compare the results on this CPU, level by level, with an independent high-precision reference,
on all cores. Levels other than portable must also agree with one another, bit for bit, and the
gradients (backward) with dy times the derivative.

float16 and bfloat16 are checked on all their numbers, float32 with --exhaustive too, in minutes a
function. Otherwise the inputs are hard cases, the neighbours of every branch, and {SAMPLES:.0e}
random numbers, {SAMPLES_EXHAUSTIVE:.0e} with --exhaustive.
"""

BENCH = """\
Time every level of this CPU next to other ways to compute the same, in one process and in turn.
The table holds ns per element of the fastest round, the ratio to the best level, and the largest
error in ULP. Peers that are not installed are named and left out; in --peers they are an error. A
peer whose results are not close to ours is an error, not a time. A call is timed in some rounds at
least, or not at all where they would take too long.
"""


class Interrupted(BaseException):
    """A signal to stop; the argument is its number."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2 and one line on stderr."""
        tell("error: " + " ".join(message.splitlines()))
        self.exit(2)


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
        "apply",
        help="apply a function to a .npy file of any size",
        description=APPLY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    apply.add_argument(
        "source", metavar="IN.npy", help="the file or pipe to read; - is standard input"
    )
    apply.add_argument(
        "target",
        metavar="OUT.npy",
        help="the file or pipe to write; it may be the file IN.npy; - is standard output",
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
        type=installed,
        choices=DTYPES,
        metavar="DTYPE",
        help=f"compute in and write one of {', '.join(DTYPES)}; "
        "default: what the function gives for the type of IN",
    )
    apply.add_argument(
        "--input-dtype",
        type=installed,
        choices=UNNAMED,
        metavar="DTYPE",
        help=f"what IN holds, if it is a type that the file cannot name: {', '.join(UNNAMED)}. "
        "Like NumPy this program writes it as raw bytes: np.load(OUT).view(ml_dtypes.bfloat16)",
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
        "--samples", type=count, metavar="N", help=f"random numbers per function, {SPELLINGS}"
    )
    add_json(verify)
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
        type=count,
        metavar="N",
        help=f"numbers of elements, {SPELLINGS} "
        f"(default: {' '.join(map(report.size_name, SIZES))})",
    )
    bench.add_argument(
        "--threads",
        choices=["1", "own"],
        default="1",
        metavar="1|own",
        help="one thread for each peer and this package (default), or as many as each takes by "
        "itself",
    )
    bench.add_argument(
        "--seconds",
        type=seconds,
        default=60,
        metavar="S",
        help="of the whole run, the import of the peers included (default: 60)",
    )
    add_json(bench)
    bench.add_argument(
        "--plot", type=Path, metavar="FILE.png", help="draw times and errors; needs matplotlib"
    )
    bench.set_defaults(run=run_bench)

    info = commands.add_parser("info", help="show version, CPU, functions and limits")
    add_json(info)
    info.set_defaults(run=lambda args: screens.info(args.json))
    return top


def add_json(command: argparse.ArgumentParser) -> None:
    """Add the option --json, which means the same in all commands."""
    command.add_argument(
        "--json",
        nargs="?",
        const=STANDARD,
        metavar="FILE",
        help="write a JSON object too; without FILE, or with -, on the screen instead of the text",
    )


def run_apply(args: argparse.Namespace) -> int:
    """Run the command ``apply``."""
    with Progress() as progress:
        apply(
            FUNCTIONS[args.function],
            args.source,
            args.target,
            DTYPES.get(args.dtype),
            DTYPES.get(args.input_dtype),
            progress.update,
        )
    return 0


def installed(name: str) -> str:
    """Refuse the name of a type whose package is not installed."""
    if name in TYPES and name not in DTYPES:
        raise argparse.ArgumentTypeError(f"{name} needs ml_dtypes: pip install ml_dtypes")
    return name


def count(text: str) -> int:
    """Read a number of elements."""
    try:
        return report.size(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None


def run_bench(args: argparse.Namespace) -> int:
    """Run the command ``bench``."""
    requested = set(args.peers or ["all"])
    if len({"all", "none"} & requested) == 0:
        peers = [name for name in PEERS if name in requested]
    elif len(requested) > 1:
        raise report.BenchError("--peers takes all, none or names")
    else:
        peers = None if requested == {"all"} else []
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
    occupy_standard_descriptors()
    top = parser()
    try:
        with stoppable():
            try:
                args = top.parse_args(argv)
                return args.run(args)
            finally:
                if sys.stdout is not None:
                    sys.stdout.flush()
    except Interrupted as exc:
        signum = exc.args[0]
        tell(f"stopped by {signal.Signals(signum).name}")
        return 128 + signum
    except (FileError, ModeError, report.BenchError, WorkerError) as exc:
        top.error(str(exc))
    except MemoryError as exc:
        top.error(f"out of memory: {exc}" if exc.args else "out of memory")
    except OSError as exc:
        # Standard output is closed or full.
        if sys.stdout is not None:
            silence(sys.stdout)
        if isinstance(exc, BrokenPipeError):
            return 128 + 13  # what a shell reports for SIGPIPE
        top.error(f"cannot write to standard output: {exc.strerror}")


def occupy_standard_descriptors() -> None:
    """Open the null device where standard input, output or error is closed.

    A file that took the number of standard error would get the words of libraries.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise Interrupted on the first signal that asks for an end; hold off all that follow.

    A further signal would cut the clean-up short.  Those that are ignored already stay so.
    """
    signals = {
        getattr(signal, name)
        for name in ("SIGINT", "SIGTERM", "SIGHUP")
        if hasattr(signal, name)  # Windows has no SIGHUP
    }
    stopped = False

    def stop(signum: int, _: FrameType | None) -> None:
        nonlocal stopped
        # Not SIG_IGN at once: Python complains of a signal that came just before that.
        if not stopped:
            stopped = True
            raise Interrupted(signum)

    former = {signum: signal.getsignal(signum) for signum in signals}
    former = {signum: handler for signum, handler in former.items() if handler != signal.SIG_IGN}
    try:
        for signum in former:
            signal.signal(signum, stop)
        yield
    finally:
        for signum, handler in former.items():
            signal.signal(signum, signal.SIG_IGN if stopped else handler or signal.SIG_DFL)
