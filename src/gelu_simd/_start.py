"""The start of the process: what happens before NumPy is imported.

Where the process is the command line, whatever keeps the package from being imported is one line
on standard error.
"""

import os
import sys

NUMPY = "2.0"  # or later


def is_command() -> bool:
    """Tell whether this process was started as ``gelu-simd`` or as ``python -m gelu_simd``."""
    arguments = getattr(sys, "argv", None) or [""]
    if arguments[0] == "-m":  # as long as Python looks for the module that it shall run
        name = sys.orig_argv[-len(arguments) :][0].removeprefix("-m")
        return name in {"gelu_simd", "gelu_simd.__main__"}
    return os.path.splitext(os.path.basename(arguments[0]))[0] == "gelu-simd"


def begin() -> None:
    """Let Ctrl-C end the command line without a traceback; there is nothing to clean up yet."""
    if is_command():
        import signal  # noqa: PLC0415 - nobody else needs it

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def require_numpy() -> None:
    """Raise ImportError if there is no NumPy that the kernels can work with."""
    try:
        import numpy  # noqa: ICN001, PLC0415 - its absence is what this is for
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        present = "it is not installed"
    else:
        if int(numpy.__version__.partition(".")[0]) >= int(NUMPY.partition(".")[0]):
            return
        present = f"this is NumPy {numpy.__version__}"
    raise ImportError(
        f"gelu_simd needs NumPy {NUMPY} or later, and {present}: pip install 'numpy>={NUMPY}'",
        name="gelu_simd",
    )


def fail(error: ImportError) -> None:
    """End the command line with the message, if the error is one of this package's own."""
    if error.name == "gelu_simd" and is_command():
        print(f"gelu-simd: error: {error}", file=sys.stderr)
        raise SystemExit(2)
