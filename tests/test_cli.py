"""The command line in its own process: screens, exit codes, one-line errors, signals, memory."""

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import DTYPES, PEAK, UFUNCS, check_error, peak, posix, run, start

import gelu_simd
from gelu_simd._check import inputs as _inputs
from gelu_simd._cli import main as program
from gelu_simd._cli import progress as bars
from gelu_simd._cli import screens
from gelu_simd._functions import ELEMENTARY, FUNCTIONS, WITHIN, limit

UNARY = [ufunc.__name__ for ufunc in UFUNCS if ufunc.nargs == 2]

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc or /dev/full")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.npy"
    np.save(path, np.linspace(-5, 5, 1000, dtype=np.float32))
    return path


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out.npy"


# The screen without arguments


@pytest.fixture(scope="module")
def screen():
    return run()


def test_screen_fits_and_passes(screen):
    assert screen.returncode == 0, screen.stdout
    assert screen.stderr == ""
    lines = screen.stdout.splitlines()
    assert 20 <= len(lines) <= 20 + len(ELEMENTARY) * (len(DTYPES) + 1)  # errors, and speed
    assert max(map(len, lines)) <= 80
    assert screen.stdout.isascii()
    assert "\x1b" not in screen.stdout
    assert "MISS" not in screen.stdout


def test_screen_tells_the_facts(screen):
    cpu = gelu_simd.cpu_info()
    assert screen.stdout.startswith(f"gelu_simd {gelu_simd.__version__}, NumPy {np.__version__}")
    assert f"level  {cpu['isa']} (available: {', '.join(cpu['available'])})\n" in screen.stdout


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("function", ELEMENTARY)
def test_screen_has_a_row_per_function_and_type(screen, function, dtype):
    row = re.search(
        rf"^{function} +{dtype.name} +(\d+) +([\d.]+) +(\S+) +([\d.]+)  ok$",
        screen.stdout,
        re.MULTILINE,
    )
    count, error, at, most = row.groups()
    assert int(count) >= min(screens.SAMPLES, 1 << 8 * dtype.itemsize)
    assert float(error) <= float(most) == limit(function, dtype.name)
    assert str(dtype.type(at)) == at


def test_screen_compares_the_speed(screen):
    times = r" +[\d.]+" * len(screens.SIZES)
    ratios = r" +(?:\d{1,2}\.\d|\d{3,}) x" * len(screens.SIZES)
    for name in ELEMENTARY:
        assert re.search(rf"^{name}{times}$", screen.stdout, re.MULTILINE)
    assert len(re.findall(rf"^  ratio to gelu_tanh{ratios}$", screen.stdout, re.MULTILINE)) == 2


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(screens, "SAMPLES", 1000)
    monkeypatch.setattr(_inputs, "STEP", 99_991)
    monkeypatch.setattr(screens, "SIZES", {"1 Ki": 1 << 10})
    monkeypatch.setattr(screens, "SECONDS", 0)


@pytest.mark.usefixtures("short")
def test_screen_shows_a_missed_limit(monkeypatch, capsys):
    monkeypatch.setitem(
        FUNCTIONS, "gelu_grad", FUNCTIONS["gelu_grad"]._replace(limits=WITHIN | {"float32": 0.1})
    )
    assert screens.overview() == 1
    misses = [line for line in capsys.readouterr().out.splitlines() if line.endswith("MISS")]
    assert len(misses) == 1
    assert misses[0].split()[:2] == ["gelu_grad", "float32"]


@pytest.mark.usefixtures("short")
def test_screen_without_scipy(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert screens.overview() == 0
    assert "(SciPy): scipy not installed" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("no_color", "styled"), [(None, True), ("", True), ("1", False)])
def test_colour_only_on_a_terminal_that_wants_it(monkeypatch, no_color, styled):
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    if no_color is None:
        monkeypatch.delenv("NO_COLOR", raising=False)
    else:
        monkeypatch.setenv("NO_COLOR", no_color)
    screens.overview()
    assert ("\x1b[32mok\x1b[0m" in out.getvalue()) == styled


# Facts, help and usage


def test_json_means_the_same_in_all_commands(tmp_path):
    """A file beside the text, or the screen in its place."""
    quick = {
        "info": [],
        "verify": ["--samples", "1e2", "--dtype", "float64", "--function", "gelu"],
        "bench": ["--sizes", "6.4e1", "--peers", "none", "--function", "gelu", "--seconds", "0.01"],
    }
    for command, options in quick.items():
        file = tmp_path / f"{command}.json"
        text = run(command, *options, "--json", file)
        assert (text.returncode, text.stderr) == (0, "")
        with pytest.raises(ValueError, match=r"Expecting value|Extra data"):
            json.loads(text.stdout)
        for screen in (["--json"], ["--json", "-"]):
            done = run(command, *options, *screen)
            assert (done.returncode, done.stderr) == (0, "")
            assert json.loads(done.stdout).keys() == json.loads(file.read_text()).keys()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"{c}.json" for c in quick)


@pytest.mark.parametrize("option", ["--samples", "--sizes"])
@pytest.mark.parametrize(
    ("text", "number"),
    [("1000", 1000), ("1e3", 1000), ("1.5E+3", 1500), ("16Ki", 1 << 14), ("0.5Mi", 1 << 19),
     ("1Gi", 1 << 30), ("1e12", 10**12)],
)  # fmt: skip
def test_numbers_of_elements_are_spelled_alike(option, text, number):
    command = {"--samples": "verify", "--sizes": "bench"}[option]
    args = program.parser().parse_args([command, option, text])
    assert vars(args)[option[2:]] == {"--samples": number, "--sizes": [number]}[option]


def test_info_json():
    done = run("info", "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    facts = json.loads(done.stdout)
    assert facts["version"] == gelu_simd.__version__
    assert facts["numpy"] == np.__version__
    assert {"python", "platform", "cpu"} <= facts.keys()
    assert facts["isa"] in facts["available"]
    assert facts["functions"] == list(FUNCTIONS)
    assert facts["dtypes"] == [dtype.name for dtype in DTYPES]
    assert facts["limits"]["gelu"]["float32"] == limit("gelu", "float32")


def test_info_is_readable():
    done = run("info")
    assert done.returncode == 0
    assert done.stdout.startswith(f"version     {gelu_simd.__version__}\n")
    assert all(re.match(r"(\w+| {11}) +\S", line) for line in done.stdout.splitlines())
    assert re.search(r"^num_threads \d+$", done.stdout, re.MULTILINE)
    assert "gelu_tanh_backward" in done.stdout


def test_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"gelu-simd {gelu_simd.__version__}\n")


@pytest.mark.parametrize(
    "args", [["--help"], ["apply", "--help"], ["bench", "--help"], ["info", "--help"]]
)
def test_help(args):
    done = run(*args)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("usage: gelu-simd")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["aply"], "invalid choice: 'aply'"),
        (["--fast"], "--fast"),
        (["apply"], "IN.npy, OUT.npy"),
        (["apply", "in.npy"], "OUT.npy"),
        (["apply", "a", "b", "c\nd"], "unrecognized arguments: c d"),
        (["apply", "a", "b", "--function", "relu"], "'relu'.*gelu_tanh_grad"),
        (["apply", "a", "b", "--function", "gelu_backward"], "'gelu_backward'"),
        (["apply", "a", "b", "--dtype", "int32"], "'int32'.*float32.*float64"),
        (["apply", "a", "b", "--input-dtype", "float32"], "'float32'.*bfloat16"),
        (["apply", "", "b"], "cannot read '': the path is empty; name a file, or - for standard"),
        (["info", "--json", ""], "cannot write '': the path is empty; name a file, or - for"),
        (["verify", "--json", "no/such/folder"], "cannot write 'no/such/folder': No such file"),
        (["bench", "--sizes", "1.5"], "not a whole number of elements such as 1000, 1e9, 16Ki"),
        (["verify", "--samples", "0"], "not a whole number of elements such as 1000, 1e9, 16Ki"),
    ],
)
def test_wrong_usage(args, message):
    check_error(run(*args), message)


def test_a_type_that_a_package_brings(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    monkeypatch.delitem(program.DTYPES, "bfloat16", raising=False)
    with pytest.raises(SystemExit, match="2"):
        program.main(["verify", "--dtype", "bfloat16"])
    assert "bfloat16 needs ml_dtypes: pip install ml_dtypes" in capsys.readouterr().err


@posix
def test_closed_pipe_is_silent():
    with subprocess.Popen(
        [sys.executable, "-m", "gelu_simd"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout.readline().startswith(b"gelu_simd")
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 128 + signal.SIGPIPE


@posix
def test_result_for_a_closed_standard_output():
    script = '"$0" -m gelu_simd info --json - >&-'
    done = subprocess.run(
        ["sh", "-c", script, sys.executable], capture_output=True, text=True, check=False
    )
    check_error(done, "cannot write standard output: it is closed")


@linux
@pytest.mark.parametrize("arguments", [["apply", "in.npy", "out.npy"], ["aply"]])
def test_full_standard_error(arguments):
    """The exit code says it all the same."""
    command = [sys.executable, "-m", "gelu_simd", *arguments]
    with Path("/dev/full").open("w") as full:
        assert subprocess.run(command, stderr=full, check=False).returncode == 2


@linux
@pytest.mark.parametrize("argument", ["info", "--help", "--version"])
def test_full_standard_output(argument):
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-m", "gelu_simd", argument]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    message = "cannot write to standard output: No space left on device"
    assert done.stderr == f"gelu-simd: error: {message}\n"


# apply


@pytest.mark.parametrize("name", UNARY)
def test_apply(source, target, name):
    done = run("apply", source, target, "--function", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    expected = getattr(gelu_simd, name)(np.load(source))
    assert np.load(target).tobytes() == expected.tobytes()


def test_apply_in_place_with_dtype(source):
    expected = gelu_simd.gelu(np.load(source), dtype=np.float64)
    done = run("apply", source, source, "--dtype", "float64")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert np.load(source).dtype == np.float64
    assert np.load(source).tobytes() == expected.tobytes()


def not_an_array(path):
    path.write_text("x = [1, 2, 3]\n")


def truncated(path):
    np.save(path, np.zeros(100))
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: None, "in.npy': (No such file or directory|The system cannot find the file)"),
        (Path.mkdir, "in.npy': neither a regular file nor a pipe"),
        (not_an_array, "in.npy' is not a valid .npy file: the magic string is not correct"),
        (truncated, "in.npy' is truncated: its header promises 800 bytes of data"),
        (lambda path: np.save(path, np.array([None])), "has dtype object; gelu accepts bool,"),
        (lambda path: np.save(path, np.zeros(3, "F")), "has dtype complex64; gelu accepts bool,"),
    ],
)
def test_bad_input(tmp_path, target, make, message):
    make(tmp_path / "in.npy")
    check_error(run("apply", tmp_path / "in.npy", target), message)
    assert not target.exists()


def test_missing_folder(source, tmp_path):
    target = tmp_path / "missing" / "out.npy"
    check_error(run("apply", source, target), "out.npy': No such file or directory")


def test_output_is_a_directory(source, target):
    target.mkdir()
    check_error(run("apply", source, target), "out.npy': neither a regular file nor a pipe")


def test_unwritable_folder(source, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir(0o555)
    if os.access(folder, os.W_OK):
        folder = Path("/sys")  # not even root creates a file there
        if not folder.is_dir():
            pytest.skip("root may write everywhere here")
    check_error(run("apply", source, folder / "out.npy"), "cannot write '.*out.npy': ")


@posix
def test_write_protected_output(source, target):
    np.save(target, np.ones(3))
    target.chmod(0o444)
    if os.access(target, os.W_OK):
        pytest.skip("root may write every file")
    check_error(run("apply", source, target), "out.npy': the file is write-protected")


@posix
def test_full_disk(tmp_path, target):
    """A limit on the size of files stands in for the end of the disk."""
    np.save(tmp_path / "in.npy", np.zeros(1 << 20))
    np.save(target, np.ones(3))
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))"
    child = start(limit, "apply", tmp_path / "in.npy", target)
    stdout, stderr = child.communicate(timeout=60)
    message = f"cannot write '{target}': File too large"
    assert (child.returncode, stdout, stderr) == (2, "", f"gelu-simd: error: {message}\n")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "in.npy", target]
    assert np.array_equal(np.load(target), np.ones(3))


NO_THREADS = """
import threading
def fail(*_): raise RuntimeError("can't start new thread")
threading.Thread.start = fail
"""
NO_BLOCK = """
from gelu_simd._cli import apply
apply.BLOCK = 1 << 60
"""


@pytest.mark.parametrize(
    ("code", "message"),
    [(NO_THREADS, "no thread can be started"), (NO_BLOCK, r"Unable to allocate .* EiB")],
)
def test_out_of_memory(source, target, code, message):
    child = start(code, "apply", source, target)
    stdout, stderr = child.communicate(timeout=60)
    done = subprocess.CompletedProcess(child.args, child.returncode, stdout, stderr)
    check_error(done, f"out of memory: {message}")
    assert not target.exists()


def sparse(path, dtype, shape, fortran_order=False):
    """Write a .npy file of zeros that takes no room on the disk."""
    with path.open("wb") as file:
        descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
        header = {"descr": descr, "fortran_order": fortran_order, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + int(np.prod(shape)) * np.dtype(dtype).itemsize)


# As on a computer of so many CPUs.
MANY = "from gelu_simd._cli import apply\napply.usable_cpus = lambda: 1000"


@linux
@pytest.mark.parametrize(
    ("fortran_order", "code"), [(False, ""), (True, ""), (False, MANY)], ids=["C", "F", "threads"]
)
def test_memory_stays_below_200_mb(tmp_path, target, fortran_order, code):
    sparse(tmp_path / "in.npy", ">f4", (1 << 14, 10_000), fortran_order)  # 655 MB
    with start(PEAK + code, "apply", tmp_path / "in.npy", target) as child:
        stdout, stderr = child.communicate(timeout=60)
    size = target.stat().st_size
    target.unlink()
    assert (child.returncode, stdout) == (0, "")
    assert size == (tmp_path / "in.npy").stat().st_size
    assert peak(stderr) < 200_000


# The progress bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def bar(monkeypatch, stream, delay, updates):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(bars, "DELAY", delay)
    monkeypatch.setattr(bars, "PERIOD", 0)
    with bars.Progress() as progress:
        for done in updates:
            progress.update(done, 200)
    return stream.getvalue()


def test_bar_is_drawn_on_a_terminal_and_erased(monkeypatch):
    text = bar(monkeypatch, Terminal(), 0, [1, 100, 200])
    *drawn, blank, end = text.split("\r")[1:]
    assert [re.match(r"\[#*\.*\] +\d+ %, ", line)[0] for line in drawn] == [
        f"[{'.' * 30}]   0 %, ",
        f"[{'#' * 15}{'.' * 15}]  50 %, ",
        f"[{'#' * 30}] 100 %, ",
    ]
    assert blank.isspace()
    assert len(blank) >= max(map(len, drawn))
    assert end == ""


def test_bar_makes_room_and_comes_back(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(bars, "DELAY", 0)
    monkeypatch.setattr(bars, "PERIOD", 0)
    with bars.Progress() as progress:
        progress.update(1, 2)
        progress.erase()
        assert re.fullmatch(r"\r\[#+\.+\] [^\r]*\r +\r", sys.stderr.getvalue())
        progress.erase()
        progress.update(2, 2)
    assert sys.stderr.getvalue().count("[") == 2
    assert sys.stderr.getvalue().count("\r") == 6


def test_no_bar_for_a_short_job(monkeypatch):
    assert bar(monkeypatch, Terminal(), 60, [1, 100, 200]) == ""


def test_bar_on_a_terminal_that_is_gone(monkeypatch):
    class Gone(Terminal):
        def write(self, _):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        def fileno(self):
            return spare

    with Path(os.devnull).open("w") as file:
        spare = file.fileno()
        assert bar(monkeypatch, Gone(), 0, [1, 100, 200]) == ""


def test_no_bar_without_a_terminal(monkeypatch):
    assert bar(monkeypatch, io.StringIO(), 0, [1, 100, 200]) == ""
