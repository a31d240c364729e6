"""`apply` on pipes: header first, no way back, and little memory."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from helpers import PEAK, check_error, peak, posix, run, saved, start

import gelu_simd
from gelu_simd._cli.apply import apply

X = np.linspace(-5, 5, 1_000_003, dtype=np.float32)
Y = saved(gelu_simd.gelu(X))

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc or /dev/full")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.npy"
    path.write_bytes(saved(X))
    return path


def pipe(*args, data=b""):
    """Run the command line with bytes on its standard input."""
    command = [sys.executable, "-m", "gelu_simd", *map(str, args)]
    return subprocess.run(command, input=data, capture_output=True, check=False, timeout=60)


def test_from_standard_input_to_standard_output(source):
    for args, data in ((["-", "-"], source.read_bytes()), ([source, "-"], b"")):
        done = pipe("apply", *args, data=data)
        assert (done.returncode, done.stdout, done.stderr) == (0, Y, b"")


def test_from_standard_input_to_a_file(source):
    done = pipe("apply", "-", source, data=source.read_bytes())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert source.read_bytes() == Y


def test_redirected_files(source, tmp_path):
    target = tmp_path / "out.npy"
    command = [sys.executable, "-m", "gelu_simd", "apply", "-", "-"]
    target.write_text("begin\n")
    with source.open("rb") as stdin, target.open("ab") as stdout:
        subprocess.run(command, stdin=stdin, stdout=stdout, check=True)
    assert target.read_bytes() == b"begin\n" + Y


def test_one_array_behind_the_other_in_a_redirected_file(source):
    """Each run would read one; what is left for the next one is no more lost than in a pipe."""
    source.write_bytes(saved(X) * 2)
    with source.open("rb") as stdin:
        done = subprocess.run(
            [sys.executable, "-m", "gelu_simd", "apply", "-", "-"],
            stdin=stdin, capture_output=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert b"standard input holds 4000140 bytes after its array" in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("size", [0, 1, 5])
def test_small_streams(version, size):
    x = np.arange(float(size))
    done = pipe("apply", "-", "-", data=saved(x, version))
    assert (done.returncode, done.stdout) == (0, saved(gelu_simd.gelu(x)))


@posix
def test_named_pipes(source, tmp_path):
    """And a reader that is slow, and a writer that comes late."""
    first, last = tmp_path / "first", tmp_path / "last"
    os.mkfifo(first)
    os.mkfifo(last)
    received = []
    threads = [
        threading.Thread(target=lambda: received.append(last.read_bytes())),
        threading.Thread(target=lambda: first.write_bytes(source.read_bytes())),
    ]
    for thread in threads:
        thread.start()
    apply(gelu_simd.gelu, first, last)
    for thread in threads:
        thread.join()
    assert received == [Y]
    assert first.is_fifo()
    assert last.is_fifo()


@linux
@pytest.mark.parametrize("script", [
    '"$0" -m gelu_simd apply /dev/stdin /dev/stdout < in.npy | cat > out.npy',
    'cat in.npy | "$0" -m gelu_simd apply /dev/stdin out.npy',
    '"$0" -m gelu_simd apply <(cat in.npy) - | "$0" -c "import sys, shutil; '
    'shutil.copyfileobj(sys.stdin.buffer, open(\'out.npy\', \'wb\'))"',
])  # fmt: skip
def test_the_shell_s_pipes(source, script):
    try:
        done = subprocess.run(
            ["bash", "-c", script, sys.executable],
            cwd=source.parent, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("needs bash")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (source.parent / "out.npy").read_bytes() == Y


# ---- faults ----


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "standard input is not a valid .npy file: EOF"),
        (saved(X)[:100], "standard input is not a valid .npy file: EOF"),
        (saved(X)[:-1], "header promises 4000012 bytes of data, it ended after 4000011"),
        (saved(X) + b"more", "standard input holds 4 bytes after its array; accepted is one array"),
        (saved(X) + bytes(5_000_000), "holds at least 1048576 bytes after its array"),
        (saved(np.zeros(3, "F")), "standard input has dtype complex64; gelu accepts bool"),
    ],
)  # fmt: skip
def test_bad_streams_leave_the_old_output_alone(tmp_path, data, message):
    target = tmp_path / "out.npy"
    target.write_text("old")
    done = pipe("apply", "-", target, data=data)
    assert done.returncode == 2
    assert re.fullmatch(rf"gelu-simd: error: [^\n]*{message}[^\n]*\n", done.stderr.decode())
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@posix
@pytest.mark.parametrize("args", [["in.npy", "-"], ["-", "-"]], ids=" ".join)
def test_closed_pipe_ends_quietly(source, args):
    command = [sys.executable, "-m", "gelu_simd", "apply", *args]
    with (
        source.open("rb") as stdin,
        subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=source.parent
        ) as child,
    ):
        assert child.stdout.read(6) == b"\x93NUMPY"
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 128 + signal.SIGPIPE


@linux
def test_full_standard_output(source):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gelu_simd", "apply", source, "-"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    message = "cannot write standard output: No space left on device"
    assert (done.returncode, done.stderr) == (2, f"gelu-simd: error: {message}\n")


@posix
@pytest.mark.parametrize(
    ("redirection", "message"),
    [
        ("<&-", "cannot read standard input: it is closed"),
        (">&-", "cannot write standard output: it is closed"),
        ("</dev/null", "cannot read standard input: neither a regular file nor a pipe"),
    ],
)
def test_closed_standard_streams(source, redirection, message):
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m gelu_simd apply - - < in.npy {redirection}', sys.executable],
        cwd=source.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    check_error(done, message)


# What a library says goes to the descriptor 2, whatever it is.
NOISE = """
import os
from gelu_simd._cli import apply
read = apply._Copy._read
apply._Copy._read = lambda *args: (os.write(2, b"noise"), read(*args))[1]
"""


@posix
@pytest.mark.parametrize("target", ["in.npy", "new.npy"])
def test_no_file_takes_the_place_of_a_closed_standard_stream(source, target):
    code = NOISE + "import sys\nfrom gelu_simd._cli.main import main\nsys.exit(main())"
    subprocess.run(
        ["sh", "-c", '"$0" -c "$1" apply in.npy "$2" <&- >&- 2>&-', sys.executable, code, target],
        cwd=source.parent, check=True,
    )  # fmt: skip
    assert source.with_name(target).read_bytes() == Y


@posix
def test_no_numbers_on_a_terminal(source):
    primary, secondary = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "gelu_simd", "apply", source, "-"],
            stdout=secondary, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(primary)
        os.close(secondary)
    message = "cannot write standard output: it is a terminal; redirect it or name a file"
    assert (done.returncode, done.stderr) == (2, f"gelu-simd: error: {message}\n")


def test_a_file_whose_name_is_a_dash(source):
    folder = source.parent
    (folder / "-").write_bytes(saved(X))
    apply(gelu_simd.gelu, folder / "-", folder / "-")
    assert (folder / "-").read_bytes() == Y
    check_error(run("apply", "./-", source.with_name("a"), "x"), "unrecognized arguments: x")


# ---- memory ----


@linux
@pytest.mark.parametrize("code", [">f4", "?"])
@pytest.mark.parametrize("target", ["out.npy", "-"])
def test_memory_stays_below_200_mb(tmp_path, target, code):
    """The result of bytes is eight times as large."""
    size = 655_000_000 // np.dtype(code).itemsize // (1 if code == ">f4" else 8)
    head = saved(np.zeros(size, code))[:128]
    child = start(
        PEAK, "apply", "-", target, cwd=tmp_path, stdin=subprocess.PIPE,
        **({"stdout": subprocess.DEVNULL} if target == "-" else {}),
    )  # fmt: skip
    stream = child.stdin.buffer
    stream.write(head)
    left = size * np.dtype(code).itemsize
    while left:
        left -= stream.write(bytes(min(left, 1 << 20)))
    _, stderr = child.communicate(timeout=60)
    assert child.returncode == 0, stderr
    assert peak(stderr) < 200_000
    (tmp_path / target).unlink(missing_ok=True)
