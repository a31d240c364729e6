"""Faults at random moments of `apply`: the output is the old or the new one, and nothing is left.

With --exhaustive some thousands of runs; -rP shows how many ended in which way.
"""

import collections
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import saved, start

import gelu_simd
from gelu_simd._cli import files as writer
from gelu_simd._cli.apply import apply
from gelu_simd._cli.files import FileError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can become another user"
)

X = np.linspace(-5, 5, 1 << 20, dtype=np.float32)  # 4 MiB
NEW = saved(gelu_simd.gelu(X))
OLD = b"old"


@pytest.fixture
def many(request):
    """Return a number of runs, or twenty times as many."""
    factor = 20 if request.config.getoption("--exhaustive") else 1
    return lambda number: factor * number


# ---- signals ----

SIGNALS = [
    *(("SIGINT",), ("SIGTERM",), ("SIGHUP",), ("SIGQUIT",), ("SIGKILL",)),
    *itertools.permutations(["SIGINT", "SIGTERM", "SIGHUP"], 2),
]
FATAL = {"SIGKILL", "SIGQUIT"}  # nothing can be done, or the user wants a picture of the memory

# The child says when the time of the signals begins, and when its work is done.
CHILD = """
import atexit, os, resource, signal
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
for name in ("SIGHUP", "SIGINT", "SIGTERM", "SIGQUIT"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)

def tell():
    os.write(1, b"x")

atexit.register(tell)
"""
PHASES = {
    "start": "tell()\n",
    "copy": """
from gelu_simd._cli.apply import _Copy
run = _Copy.run
_Copy.run = lambda *args: (tell(), run(*args))[1]
""",
    "end": """
from gelu_simd._cli.files import _Replacement
publish = _Replacement.publish
_Replacement.publish = lambda *args: (tell(), publish(*args))[1]
""",
}
NAMED = "if hasattr(os, 'O_TMPFILE'): del os.O_TMPFILE\n"


def execute(source, target, phase, named, names, delay):
    """Run `apply`, send signals; return the exit code and the error."""
    code = CHILD + (NAMED if named else "") + PHASES[phase]
    with start(code, "apply", source, target) as child:
        assert child.stdout.read(1) == "x", child.stderr.read()
        time.sleep(delay)
        for name in names:
            child.send_signal(getattr(signal, name))
        _, stderr = child.communicate(timeout=60)
        return child.returncode, stderr


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("faults") / "in.npy"
    path.write_bytes(saved(X))
    return path


@pytest.fixture(scope="module")
def durations(source):
    """Return the seconds of an undisturbed run from each moment to its end."""
    target = source.with_name("undisturbed.npy")
    seconds = {}
    for phase, code in PHASES.items():
        target.write_bytes(OLD)
        with start(CHILD + code, "apply", source, target) as child:
            times = [child.stdout.read(1) and time.perf_counter() for _ in range(2)]
            seconds[phase] = times[1] - times[0]
    target.unlink()
    return seconds


@pytest.mark.parametrize("names", SIGNALS, ids="-".join)
def test_signals_at_any_moment(source, durations, tmp_path, many, names):
    chance = random.Random(str(names))
    target = tmp_path / "out.npy"
    endings = collections.Counter()
    kinds = itertools.product(PHASES, [False, True], [False, True])
    for phase, named, exists in itertools.islice(itertools.cycle(kinds), many(12)):
        for path in tmp_path.iterdir():
            path.unlink()
        if exists:
            target.write_bytes(OLD)
        delay = chance.uniform(0, 1.1 * durations[phase])
        code, stderr = execute(source, target, phase, named, names, delay)

        endings[code] += 1
        present = target.read_bytes() if target.exists() else None
        assert present in ([NEW] if code == 0 else [OLD if exists else None, NEW])
        if code > 0:
            name = signal.Signals(code - 128).name
            assert name in names
            assert stderr == f"gelu-simd: stopped by {name}\n"
        else:
            assert code == 0 or signal.Signals(-code).name in names
            assert stderr == ""
        left = sorted(path.name for path in tmp_path.iterdir() if path != target)
        if left and FATAL & set(names):
            [name] = left
            endings["leftover, " + ("named" if named else "unnamed")] += 1
            assert name.startswith(writer.PREFIX)
            assert named or exists  # without a name, in the instant of the replacement alone
            assert named or (tmp_path / name).read_bytes() == NEW
        else:
            assert left == []
    print(", ".join(names), dict(endings))


# ---- others at work in the same folder ----


def test_input_that_two_writers_replace(tmp_path, many):
    """Header and data are of one file."""
    arrays = [np.linspace(-5, 5, 300, dtype=np.float32), np.linspace(-5, 5, 200)]
    contents = [saved(array) for array in arrays]
    results = {saved(gelu_simd.gelu(array)) for array in arrays}
    source, target = tmp_path / "in.npy", tmp_path / "out.npy"
    source.write_bytes(contents[0])
    end = threading.Event()

    def replace(number):
        own = tmp_path / f"{number}.npy"
        while not end.is_set():
            own.write_bytes(contents[number])
            own.replace(source)

    threads = [threading.Thread(target=replace, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    try:
        seen = set()
        for _ in range(many(200)):
            apply(gelu_simd.gelu, source, target)
            seen.add(target.read_bytes())
    finally:
        end.set()
        for thread in threads:
            thread.join()
    assert seen == results


@pytest.mark.parametrize("named", [False, True], ids=["unnamed", "named"])
def test_two_runs_that_write_one_file(tmp_path, monkeypatch, many, named):
    if named:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
        monkeypatch.setattr(writer, "tell", lambda _: None)
    source, target = tmp_path / "in.npy", tmp_path / "out.npy"
    source.write_bytes(saved(X[:1000]))
    errors = []

    def run(barrier):
        try:
            barrier.wait()
            apply(gelu_simd.gelu, source, target)
        except FileError as exc:
            errors.append(exc)

    for number in range(many(50)):
        if number % 2:
            target.unlink()
        barrier = threading.Barrier(2)
        threads = [threading.Thread(target=run, args=(barrier,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert target.read_bytes() == saved(gelu_simd.gelu(X[:1000]))
    assert errors == []
    assert sorted(tmp_path.iterdir()) == [source, target]


# An ordinary user puts links in the place of every file whose name begins so.
PLANTER = """
import os, sys
folder, prefix = sys.argv[1:]
os.chdir(folder)
os.setgroups([])
os.setgid(3000)
os.setuid(3000)
print("ready", flush=True)
while True:
    for name in os.listdir():
        if name.startswith(prefix):
            try:
                os.symlink("victim", "link")
                os.replace("link", name)
            except OSError:
                pass
"""


@root
def test_a_user_who_plants_links(monkeypatch, many):
    """Root writes to a folder where all may write: no other file's content or mode changes."""
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    monkeypatch.setattr(writer, "tell", lambda _: None)
    endings = collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        source, target, victim = (folder / n for n in ("in.npy", "out.npy", "victim"))
        source.write_bytes(saved(X[:1000]))
        victim.write_text("private")
        victim.chmod(0o600)
        before = victim.stat()
        planter = subprocess.Popen(
            [sys.executable, "-c", PLANTER, folder, writer.PREFIX], stdout=subprocess.PIPE
        )
        try:
            planter.stdout.readline()
            for _ in range(many(50)):
                target.unlink(missing_ok=True)
                target.write_bytes(OLD)
                target.chmod(0o4777)
                try:
                    apply(gelu_simd.gelu, source, target)
                    endings[
                        "link in the place of the output" if target.is_symlink() else "done"
                    ] += 1
                except FileError as exc:
                    endings[str(exc).partition(": ")[2].partition(" '.")[0]] += 1
                    assert target.read_bytes() == OLD
        finally:
            planter.kill()
            planter.communicate()
        after = victim.stat()
        assert victim.read_text() == "private"
        assert (before.st_mode, before.st_ctime_ns) == (after.st_mode, after.st_ctime_ns)
    print(dict(endings))


# ---- disks ----

DISK = """
mount -t tmpfs -o size={size}k tmpfs folder || exit 77
[ {exists} = 1 ] && printf old > folder/out.npy
[ {readonly} = 1 ] && mount -o remount,ro folder
"$0" -c "$1" apply in.npy folder/out.npy
echo $?
ls -A folder
[ {exists} = 1 ] && cat folder/out.npy
exit 0
"""


@linux
@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("named", [False, True], ids=["unnamed", "named"])
@pytest.mark.parametrize(
    ("size", "readonly", "message"),
    [
        (4, False, "No space left on device"),
        (1024, False, "No space left on device"),
        (4096, False, "No space left on device"),  # the header is too much
        (1024, True, "Read-only file system"),
    ],
)
def test_a_disk(source, tmp_path, exists, named, size, readonly, message):
    """A file system of its own: full at the begin, in the middle and at the end, or read-only."""
    (tmp_path / "in.npy").symlink_to(source)
    (tmp_path / "folder").mkdir()
    code = "import os, sys\n" + (NAMED if named else "")
    code += "from gelu_simd._cli.main import main\nsys.exit(main())"
    script = DISK.format(size=size, exists=int(exists), readonly=int(readonly))
    try:
        done = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", script, sys.executable, code],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("cannot mount here")
    error, *others = done.stderr.splitlines()
    assert error == f"gelu-simd: error: cannot write 'folder/out.npy': {message}"
    assert others == []
    assert done.stdout == ("2\nout.npy\nold" if exists else "2\n")
