"""Signals that ask for an end, at several moments of `apply`, leave nothing behind."""

import itertools
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from helpers import saved, start

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")

SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"]
FILE = saved(np.zeros(1 << 22, np.float32))  # 16 MiB

# The parent of the tests may have told its children to ignore signals.
HEED = """
import os, signal
for name in ("SIGHUP", "SIGINT", "SIGTERM"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
"""
NAMED = "if hasattr(os, 'O_TMPFILE'): del os.O_TMPFILE\n"

# When the first signal comes: its code is run in the child, and tells the test by creating a file.
TELL = "def tell(): open(os.environ['MOMENT'], 'w').close()\n"
# One long sleep could begin just after the signal and outlast it: Python's handlers run between two
# instructions only.  A thread that waits hears of no signal, and Python 3.13 waits for its end.
TELL_AND_WAIT = """
def tell_and_wait():
    tell()
    import time
    end = time.monotonic() + 10
    while time.monotonic() < end:
        time.sleep(0.01)
"""
BEFORE = (
    TELL_AND_WAIT
    + """
def slowly(function):
    def slow(*args, **kwargs):
        tell_and_wait()
        return function(*args, **kwargs)
    return slow
"""
)
AFTER = (
    TELL_AND_WAIT
    + """
def slowly(function):
    def slow(*args, **kwargs):
        result = function(*args, **kwargs)
        tell_and_wait()
        return result
    return slow
"""
)
MOMENTS = {
    "as it starts its threads": BEFORE
    + """
import threading
threading.Thread._bootstrap_inner = slowly(threading.Thread._bootstrap_inner)
""",
    "as threads wait for their first turn": BEFORE
    + """
from gelu_simd._cli import apply
apply._Copy._hand_out = slowly(apply._Copy._hand_out)
""",
    "as it waits for the header": """
from gelu_simd._cli import apply
fill = apply._fill
apply._fill = lambda *args: (tell(), fill(*args))[1]
""",
    "as it waits for data": None,
    "as it opens the folder": BEFORE
    + """
from gelu_simd._cli import files
files._special_devices = slowly(files._special_devices)
""",
    "before the last step": BEFORE + "os.replace = slowly(os.replace)",
    "as it has a name": AFTER + "os.link = slowly(os.link)",
    "before the disk has it": BEFORE + "os.fsync = slowly(os.fsync)",
}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "out.npy").write_text("old")
    return folder


def stopped(folder, moment, names, named=False):
    """Send signals in the middle of a run; return its exit code and its last words."""
    told = folder.with_name("told")
    source = folder.with_name("in.npy")
    source.write_bytes(FILE)
    code = HEED + (NAMED if named else "") + TELL + (MOMENTS[moment] or "")
    with start(
        code, "apply", "-" if "waits" in moment else source, folder / "out.npy",
        stdin=subprocess.PIPE, env=os.environ | {"MOMENT": str(told)},
    ) as child:  # fmt: skip
        if MOMENTS[moment]:
            while not told.exists():
                assert child.poll() is None, child.stderr.read()
                time.sleep(0.005)
        else:
            # A pipe holds less than this, so the child reads, or waits for what follows.
            stream = child.stdin.buffer
            stream.write(FILE[: 4 << 20])
            stream.flush()
        for name in names:
            child.send_signal(getattr(signal, name))
        stdout, stderr = child.communicate(timeout=30)
    assert stdout == ""
    return child.returncode, stderr


def check(folder, code, stderr, names):
    """Check that one of the signals ended the run and that no trace of it is left."""
    assert [p.name for p in folder.iterdir()] == ["out.npy"]
    assert (folder / "out.npy").read_text() == "old"
    outcomes = {128 + getattr(signal, name): name for name in names}
    assert code in outcomes, stderr
    assert stderr == f"gelu-simd: stopped by {outcomes[code]}\n"


@pytest.mark.parametrize("named", [False, True], ids=["unnamed", "named"])
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", SIGNALS)
def test_one_signal(folder, moment, name, named):
    if moment == "as it has a name" and (named or sys.platform != "linux"):
        pytest.skip("it has one from the start")
    check(folder, *stopped(folder, moment, [name], named), [name])


@pytest.mark.parametrize("named", [False, True], ids=["unnamed", "named"])
@pytest.mark.parametrize("pair", list(itertools.permutations(SIGNALS, 2)), ids="-".join)
def test_two_signals_back_to_back(folder, pair, named):
    """What a service manager and a closing terminal send."""
    check(folder, *stopped(folder, "as it waits for data", pair, named), pair)


# Every step of the cleaning up is followed by another signal.
AGAIN = """
from gelu_simd._cli.files import _Replacement
cleaning = False
discard = _Replacement._discard

def discard_slowly(self):
    global cleaning
    cleaning = True
    discard(self)

_Replacement._discard = discard_slowly
for name in ("close", "unlink"):
    def again(*args, original=getattr(os, name), **kwargs):
        result = original(*args, **kwargs)
        for signum in () if not cleaning else (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), signum)
        return result
    setattr(os, name, again)
"""


@pytest.mark.parametrize("named", [False, True], ids=["unnamed", "named"])
@pytest.mark.parametrize("error", ["", "signal"])
def test_signals_while_it_cleans_up(folder, error, named, monkeypatch):
    """After another signal, or after an error: the data end too early."""
    monkeypatch.setitem(MOMENTS, "x", AGAIN + (BEFORE + "os.fsync = slowly(os.fsync)\n"))
    if error == "signal":
        check(folder, *stopped(folder, "x", ["SIGTERM"], named), ["SIGTERM"])
        return
    code = HEED + (NAMED if named else "") + AGAIN
    child = start(code, "apply", "-", folder / "out.npy", stdin=subprocess.PIPE)
    child.stdin.buffer.write(FILE[:-1])
    _, stderr = child.communicate(timeout=30)
    check(folder, child.returncode, stderr, SIGNALS)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's files without a name")
def test_nothing_remains_of_a_killed_run(folder):
    code, stderr = stopped(folder, "as it waits for data", ["SIGKILL"])
    assert (code, stderr) == (-signal.SIGKILL, "")
    assert [p.name for p in folder.iterdir()] == ["out.npy"]
    assert (folder / "out.npy").read_text() == "old"


@pytest.mark.parametrize(
    ("moment", "named"), [("before the disk has it", True), ("as it has a name", False)]
)
def test_what_remains_of_a_killed_run_elsewhere(folder, moment, named):
    """Without a name, too, in the instant of the replacement: as the help says."""
    if not named and sys.platform != "linux":
        pytest.skip("needs Linux's files without a name")
    stopped(folder, moment, ["SIGKILL"], named)
    assert (folder / "out.npy").read_text() == "old"
    [leftover] = folder.glob(".gelu-simd-*.tmp")
    child = start(HEED, "apply", "-", folder / "out.npy", stdin=subprocess.PIPE)
    child.stdin.buffer.write(saved(np.zeros(3)))
    _, stderr = child.communicate(timeout=30)
    assert child.returncode == 0
    assert stderr.startswith(f"gelu-simd: note: {leftover.name!r} beside ")
    assert stderr.count("\n") == 1


def test_a_reader_that_stalls_does_not_keep_the_run_alive():
    """A thread that writes to a full pipe cannot be interrupted."""
    with start(HEED, "apply", "-", "-", stdin=subprocess.PIPE) as child:
        stream = child.stdin.buffer
        stream.write(FILE[: 2 << 20])
        stream.flush()
        assert child.stdout.buffer.read(6) == b"\x93NUMPY"  # and no more
        time.sleep(0.1)
        child.terminate()
        assert child.wait(timeout=10) == 128 + signal.SIGTERM
        assert child.stderr.read() == "gelu-simd: stopped by SIGTERM\n"
        stream.close()
        child.stdin = None


def test_nobody_reads_the_last_words(folder):
    """The exit code is the signal's all the same."""
    with start(HEED, "apply", "-", folder / "out.npy", stdin=subprocess.PIPE) as child:
        child.stdin.buffer.write(FILE[: 4 << 20])
        child.stdin.flush()
        child.stderr.close()
        child.stderr = None
        child.terminate()
        assert child.wait(timeout=30) == 128 + signal.SIGTERM
        child.stdin.close()
        child.stdin = None


def test_ignored_signals_stay_ignored(folder):
    """As under nohup."""
    code = HEED + "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    child = start(code, "apply", "-", folder / "out.npy", stdin=subprocess.PIPE)
    child.stdin.buffer.write(FILE[:-1])
    child.stdin.flush()
    child.send_signal(signal.SIGHUP)
    child.stdin.buffer.write(FILE[-1:])
    assert child.communicate(timeout=30) == ("", "")
    assert child.returncode == 0
    assert (folder / "out.npy").read_bytes() == FILE
