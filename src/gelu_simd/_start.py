"""The start of the process: what comes before NumPy is imported.

Where the process is the command line, whatever keeps the package from being imported is one line
on standard error.
"""

import sys

NUMPY = "2.0"  # or later


def begin() -> None:
    """Prepare the command line for Ctrl-C; raise ImportError if there is no NumPy to work with."""
    if _is_command():
        import signal  # noqa: PLC0415 - the library does not need it

        # The system ends the process, without a traceback; there is nothing to clean up yet.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    _require_numpy()


def fail(error: ImportError) -> None:
    """End the command line with the message, if the error is one of this package's own."""
    if error.name == "gelu_simd" and _is_command():
        print(f"gelu-simd: error: {error}", file=sys.stderr)
        raise SystemExit(2)


def _is_command() -> bool:
    """Tell whether this process was started as ``gelu-simd`` or as ``python -m gelu_simd``."""
    arguments = getattr(sys, "argv", None) or [""]
    if arguments[0] == "-m":  # as long as Python looks for the module that it shall run
        name = sys.orig_argv[-len(arguments) :][0].removeprefix("-m")
        return name in {"gelu_simd", "gelu_simd.__main__"}
    file = arguments[0].replace("\\", "/").rpartition("/")[2]
    return file.partition(".")[0] == "gelu-simd"


def _require_numpy() -> None:
    try:
        import numpy  # noqa: PLC0415 - its absence is an error of its own
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
