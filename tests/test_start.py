"""What keeps the command from starting is one line; the library raises ImportError."""

import os
import signal
import subprocess
import sys
import time

import pytest
from helpers import INFO, check_error

import gelu_simd

SCRIPT = """
import sys
sys.argv[0] = sys.argv[0].replace("-c", "/usr/bin/gelu-simd")
from gelu_simd._cli.main import main
sys.exit(main())
"""
# As `python -m` and as the console script do it.
COMMANDS = {"module": ["-m", "gelu_simd"], "script": ["-c", SCRIPT]}

NONE = "raise ModuleNotFoundError('No module named numpy', name='numpy')"
TEXT = "gelu_simd needs NumPy 2.0 or later, and {}: pip install 'numpy>=2.0'"


@pytest.fixture(params=COMMANDS)
def command(request):
    return [sys.executable, *COMMANDS[request.param], "info"]


def execute(command, **env):
    return subprocess.run(
        command, env=os.environ | env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("code", "present"),
    [
        (NONE, "it is not installed"),
        ("__version__ = '1.26.4'", "this is NumPy 1.26.4"),
        ("__version__ = '1.9.0.dev0+abc'", "this is NumPy 1.9.0.dev0+abc"),
    ],
)
def test_no_numpy_to_work_with(tmp_path, command, code, present):
    (tmp_path / "numpy.py").write_text(code)
    done = execute(command, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"gelu-simd: error: {TEXT.format(present)}\n"
    done = execute([sys.executable, "-c", "import gelu_simd"], PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"ImportError: {TEXT.format(present)}"


def test_a_broken_numpy_is_not_explained_away(tmp_path, command):
    (tmp_path / "numpy.py").write_text("import _no_such_part_of_numpy")
    done = execute(command, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "No module named '_no_such_part_of_numpy'" in done.stderr.splitlines()[-1]


def test_the_versions_of_numpy_that_are_said_are_those_required():
    metadata = pytest.importorskip("importlib.metadata")
    assert f"numpy>={gelu_simd._start.NUMPY}" in metadata.requires("gelu-simd")


def test_bad_level(command):
    done = execute(command, GELU_SIMD_ISA="sse9")
    possible = ", ".join(INFO["available"])
    check_error(done, f"GELU_SIMD_ISA=sse9: there is no level 'sse9'; possible: {possible}")


def test_bad_number_of_threads(command):
    done = execute(command, GELU_SIMD_NUM_THREADS="many")
    check_error(done, "GELU_SIMD_NUM_THREADS=many: not a positive whole number")


def test_another_program_s_errors_are_left_alone():
    """Also where the name of this program is an argument of the other one."""
    for arguments in (["-c", "import gelu_simd"], ["-m", "timeit", "-n1", "import gelu_simd"]):
        done = execute([sys.executable, *arguments, "-m", "gelu_simd"], GELU_SIMD_ISA="sse9")
        assert done.returncode == 1
        assert "ImportError: GELU_SIMD_ISA=sse9" in done.stderr
        assert "gelu-simd: error" not in done.stderr


SLOW = """
import os, time
open(os.environ["MOMENT"], "w").close()
time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signal_as_numpy_is_imported(tmp_path, command, name):
    (tmp_path / "numpy.py").write_text(SLOW)
    moment = tmp_path / "moment"
    env = os.environ | {"PYTHONPATH": str(tmp_path), "MOMENT": str(moment)}
    pipe = subprocess.PIPE
    # A parent, such as nohup, may have the signal ignored; a handler is not inherited.
    former = signal.signal(getattr(signal, name), lambda *_: None)
    try:
        child = subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True)
    finally:
        signal.signal(getattr(signal, name), former)
    with child:
        while not moment.exists():
            assert child.poll() is None, child.stderr.read()
            time.sleep(0.005)
        child.send_signal(getattr(signal, name))
        assert child.communicate(timeout=30) == ("", "")
    assert child.returncode == -getattr(signal, name)  # a shell says 128 + n


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_the_library_leaves_signals_alone():
    code = "import signal; before = signal.getsignal(2); import gelu_simd; "
    done = execute([sys.executable, "-c", code + "print(signal.getsignal(2) is before)"])
    assert done.stdout == "True\n"
