"""The checks behind the command `verify`: inputs, findings, and the command itself."""

from __future__ import annotations

import errno
import functools
import json
import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np
import pytest
from gelu_simd._ufuncs import dtypes
from helpers import DTYPES, INFO, TYPES, UFUNCS, check_error, posix, run, start

from gelu_simd._check import examine, oracle, workers
from gelu_simd._check import inputs as _inputs
from gelu_simd._check.bits import Array, bits
from gelu_simd._cli import screens
from gelu_simd._functions import ELEMENTARY, FUNCTIONS, WITHIN, limit
from gelu_simd._levels import BITS
from gelu_simd._types import finfo

LEVELS = INFO["available"]
COMPUTE = workers.compute
F32, F64 = np.dtype(np.float32), np.dtype(np.float64)


# ---------------------------------------------------------------------------------------------
# Inputs


def lengths(blocks: list[Callable[[], Array]]) -> list[tuple[int, int]]:
    """Return where blocks of bit patterns start and stop."""
    return [block.args[1:3] for block in blocks]


def test_types() -> None:
    """The user's types, such as bfloat16, are not in `ufunc.types`."""
    builtin = [dtype.char for dtype in dtypes if dtype.isbuiltin == 1]
    assert builtin == [loop[-1] for loop in UFUNCS[0].types]
    assert [dtype.name for dtype in dtypes] == TYPES[: len(dtypes)]
    assert len(dtypes) == len(builtin) + (find_spec("ml_dtypes") is not None)


def test_finfo(half: np.dtype) -> None:
    exponents = finfo(half).nmant, finfo(half).minexp
    assert exponents == {"float16": (10, -14), "bfloat16": (7, -126)}[half.name]
    assert finfo(F32) is np.finfo(np.float32)


def test_all_numbers_of_two_bytes(function: str, half: np.dtype) -> None:
    for exhaustive in (False, True):
        [block] = _inputs.blocks(function, half, 10, exhaustive)
        assert block().dtype == half
        assert np.array_equal(bits(block()), np.arange(1 << 16))


def test_all_numbers_of_four_bytes(function: str) -> None:
    blocks = _inputs.blocks(function, F32, 10, exhaustive=True)
    starts, stops = zip(*lengths(blocks), strict=True)
    assert starts == (0, *stops[:-1])
    assert stops[-1] == 1 << 32
    assert np.array_equal(bits(blocks[1]()), np.arange(*lengths(blocks)[1]))


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_samples(function: str, dtype: np.dtype) -> None:
    size = _inputs.BLOCK + 1000
    blocks = _inputs.blocks(function, dtype, size)
    x = np.concatenate([block() for block in blocks])
    for special in (np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0):
        assert (bits(x) == bits(dtype.type(special))).any()
    assert np.isin(np.array([float.fromhex(h) for h in _inputs.HARD], dtype), x).all()
    assert np.count_nonzero(_inputs.is_subnormal(function, x)) > 1000
    root = oracle.root(function)
    assert np.count_nonzero(np.abs(x[np.isfinite(x)] - root) < 1e-4) > 1000
    assert x.size > size
    more = np.concatenate([block() for block in _inputs.blocks(function, dtype, size + 1)])
    assert more.size == x.size + 1


def test_every_997th_float32(function: str) -> None:
    blocks = [b for b in _inputs.blocks(function, F32, 1) if b.func is _inputs.patterns]
    x = np.concatenate([block() for block in blocks])
    assert np.array_equal(bits(x), np.arange(0, 1 << 32, _inputs.STEP))


# ---------------------------------------------------------------------------------------------
# Findings


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in this process, where the tests can change the kernels, and on fewer inputs."""
    monkeypatch.setattr(workers, "compute", lambda jobs: (examine.examine(*job) for job in jobs))
    monkeypatch.setattr(_inputs, "STEP", 99_991)


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, int], None]:
    """Give a function that moves one level's result for x = -1.5 by some ULP."""
    for level in ("fused", "other"):
        monkeypatch.setitem(BITS, level, "fused")
    evaluate = examine.evaluate

    def doctor(function: str, level: str, ulps: int) -> None:
        def doctored(f: str, on: str, operands: Sequence[Array]) -> tuple[Array, ...]:
            real = on if on in LEVELS else LEVELS[0]
            got = [y.copy() for y in evaluate(f, real, operands)]
            if (f, on) == (function, level):
                at = operands[-1] == -1.5
                got[-1].view(_inputs.bits_type(got[-1].dtype))[at] += ulps
            return tuple(got)

        monkeypatch.setattr(examine, "evaluate", doctored)

    return doctor


def verify(
    capsys: pytest.CaptureFixture[str],
    functions: Sequence[str],
    dtypes: Sequence[np.dtype],
    levels: Sequence[str],
) -> tuple[int, str]:
    code = screens.verify(functions, dtypes, levels, 1000, exhaustive=False, json_file=None)
    out, err = capsys.readouterr()
    assert err == ""
    assert out.isascii()
    assert max(map(len, out.splitlines())) <= 80
    return code, out


ROW = r"  {} +([\d.]+|inf)  (\S+) +(\S+) +([\d.]+)  (ok|MISS)"


def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = verify(capsys, list(FUNCTIONS), DTYPES, LEVELS)
    assert code == 0, out
    lines = iter(out.splitlines()[1:])
    checks = 0
    for name, row in FUNCTIONS.items():
        for dtype in [dtype for dtype in DTYPES if dtype.name in row.types]:
            checks += len(LEVELS)
            assert re.fullmatch(rf"{name} {dtype} *, \d+ inputs", next(lines))
            if name not in ELEMENTARY:
                expressions = " and ".join(row.composition.expressions)
                assert next(lines) == f"  the bits of {expressions}"
            for level in LEVELS:
                line = next(lines)
                if name not in ELEMENTARY:
                    assert line.split() == [level, "ok"]
                    continue
                error, x, hexadecimal, most, verdict = re.fullmatch(
                    ROW.format(level), line
                ).groups()
                assert verdict == "ok"
                assert 0 < float(error) <= float(most)
                assert float(most) == limit(name, dtype.name)
                assert float(dtype.type(x)) == float.fromhex(hexadecimal)
    assert out.endswith(f"\n{checks} checks, 0 missed\n")


def test_missed_limit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(
        FUNCTIONS, "gelu", FUNCTIONS["gelu"]._replace(limits=WITHIN | {"float32": 0.6})
    )
    code, out = verify(capsys, ["gelu", "gelu_tanh"], [F32], LEVELS)
    assert code == 1
    assert out.count("MISS") == len(LEVELS)
    assert out.endswith(f"\n{2 * len(LEVELS)} checks, {len(LEVELS)} missed\n")


def test_wrong_kernel(
    doctor: Callable[[str, str, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    doctor("gelu", "portable", 100)
    code, out = verify(capsys, ["gelu"], [F32], ["portable"])
    assert code == 1
    row = re.search(rf"^{ROW.format('portable')}$", out, re.MULTILINE)
    assert 98 < float(row[1]) < 102
    assert row[2] == "-1.5"
    assert row[3] == "-0x1.8p+0"
    assert row[5] == "MISS"


def test_fused_levels_that_differ(
    doctor: Callable[[str, str, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    doctor("gelu", "other", 1)
    code, out = verify(capsys, ["gelu", "gelu_grad"], [F32], ["fused", "other", "portable"])
    assert code == 1
    other, note = re.search(r"\n(  other .*)\n(.*)\n  portable", out).groups()
    assert other.endswith("MISS")
    assert note == "    differs from fused at x = -0x1.8p+0"
    assert out.count("MISS") == 1


def test_portable_may_differ(
    doctor: Callable[[str, str, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    doctor("gelu", "portable", 1)
    assert verify(capsys, ["gelu"], [F32], ["fused", "portable"])[0] == 0


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in ELEMENTARY])
def test_wrong_composition(
    doctor: Callable[[str, str, int], None],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(examine, "COMPANIONS", 2)
    doctor(name, "portable", 1)
    code, out = verify(capsys, [name], DTYPES, ["portable"])
    assert code == 1
    types = [dtype for dtype in DTYPES if dtype.name in FUNCTIONS[name].types]
    assert out.count("MISS") == out.count("    has others at ") == len(types)
    *others, last = FUNCTIONS[name].operands
    where = "".join(rf"{other} = \S+,\s+" for other in others)
    assert re.search(rf"    has others at\s+{where}{last} = -0x1\.8p\+0\n", out)


def test_a_nan_is_a_nan() -> None:
    a = np.array([0x7FC00000, 0xFFC00001, 0x7F800000, 0x80000000, 0], np.uint32).view(F32)
    b = np.array([0xFFC00000, 0x7FC00000, 0x7FC00000, 0, 0], np.uint32).view(F32)
    assert examine.different(a, b).tolist() == [False, False, True, True, False]


def test_two_bytes(
    half: np.dtype, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(examine, "COMPANIONS", 2)
    code, out = verify(capsys, list(FUNCTIONS), [half], LEVELS)
    assert code == 0, out
    unary = sum(len(row.operands) == 1 for row in FUNCTIONS.values())
    assert out.count(f"{half.name}, 65536 inputs") == unary
    assert out.count(f"{half.name}, 131072 inputs") == len(FUNCTIONS) - unary
    assert out.count(" 0.50  ok") == len(ELEMENTARY) * len(LEVELS)


def test_two_bytes_must_be_correctly_rounded(
    half: np.dtype,
    doctor: Callable[[str, str, int], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(examine, "COMPANIONS", 2)
    for name in ("gelu", "gelu_backward"):
        doctor(name, "portable", 1)
        code, out = verify(capsys, [name], [half], ["portable"])
        assert code == 1
        assert "-0x1.8p+0" in out


# ---------------------------------------------------------------------------------------------
# The command


def test_command() -> None:
    done = run("verify", "--samples", "1e3", "--function", "gelu", "gelu_backward")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^(\w+) (\w+), \d+ inputs$", done.stdout, re.MULTILINE) == [
        (name, dtype.name) for name in ("gelu", "gelu_backward") for dtype in DTYPES
    ]
    assert done.stdout.count("ok\n") == 2 * len(DTYPES) * len(LEVELS)


def test_json() -> None:
    level = LEVELS[-1]
    args = ["--function", "gelu_tanh", "--function", "gelu_backward", "--isa", level]
    done = run("verify", "--json", "--samples", "1e3", "--dtype", "float64", *args)
    assert (done.returncode, done.stderr) == (0, "")
    value, gradient = json.loads(done.stdout)["results"]
    [result] = examine.check("gelu_tanh", F64, [level], 1000)
    assert value == {
        "function": "gelu_tanh",
        "dtype": "float64",
        "level": level,
        "inputs": result.finding.inputs,
        "max_ulp": result.finding.error,
        "at": value["at"],
        "differs_at": None,
        "limit": result.limit,
        "ok": True,
    }
    assert float.fromhex(value["at"]["x"]) == result.finding.at[0]
    assert gradient["function"] == "gelu_backward"
    assert gradient["max_ulp"] is gradient["limit"] is None
    assert gradient["at"].keys() == {"dy", "x"}


def test_json_of_a_miss(
    doctor: Callable[[str, str, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    doctor("gelu_backward", "other", 1)
    levels = ["fused", "other"]
    assert screens.verify(["gelu_backward"], [F32], levels, 10, exhaustive=False, json_file="-")
    fused, other = json.loads(capsys.readouterr().out)["results"]
    assert fused["ok"]
    assert not other["ok"]
    assert other["max_ulp"] is None
    assert other["at"]["x"] == other["differs_at"]["x"] == "-0x1.8p+0"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--function", "relu"], "'relu'.*gelu_tanh_grad.*gelu_backward"),
        (["--function", "gelu", "relu"], "'relu'"),
        (["--function"], "--function"),
        (["--dtype", "int32"], "'int32'.*float32.*float64"),
        (["--isa", "sse9"], f"'sse9'.*{'.*'.join(LEVELS)}"),
        (["--samples", "0"], "not a whole number of elements .*: '0'"),
        (["--samples", "many"], "not a whole number of elements .*: 'many'"),
        (["--samples", "inf"], "not a whole number of elements .*: 'inf'"),
        (["--samples", "1.5"], "not a whole number of elements .*: '1.5'"),
        (["all"], "unrecognized arguments: all"),
    ],
)
def test_wrong_usage(args: list[str], message: str) -> None:
    check_error(run("verify", *args), message)


def test_help_lists_the_choices() -> None:
    done = run("verify", "--help")
    assert done.returncode == 0
    words = set(re.findall(r"\w+", done.stdout))
    assert {*LEVELS, *(t.name for t in DTYPES), *FUNCTIONS} <= words


def test_worker_that_cannot_start() -> None:
    code = """
import errno, multiprocessing, os
def fail(self):
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
multiprocessing.context.SpawnProcess.start = fail"""
    with start(code, "verify", "--function", "gelu") as child:
        _, stderr = child.communicate(timeout=60)
    assert child.returncode == 2
    assert stderr == f"gelu-simd: error: cannot start a process: {os.strerror(errno.EMFILE)}\n"


def test_killed_worker() -> None:
    code = """
import functools, os
from gelu_simd._check import inputs as _inputs
_inputs.blocks = lambda *_: [functools.partial(os._exit, 0)] * 99"""
    with start(code, "verify", "--function", "gelu") as child:
        stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "inputs" not in stdout
    assert stderr == "gelu-simd: error: a process that computed for this one was killed\n"


def test_workers_give_what_this_process_would() -> None:
    blocks = [functools.partial(_inputs.stratified, "gelu", F32, n, n) for n in range(1, 40)]
    jobs = [("gelu", LEVELS, block, 0) for block in blocks]
    assert list(COMPUTE(jobs)) == [examine.examine(*job) for job in jobs]
    assert list(COMPUTE([])) == []


@posix
@pytest.mark.parametrize("whole_group", [True, False])
def test_signal(whole_group: bool) -> None:
    """Ctrl-C goes to the workers too, `kill` only to the parent; either ends all of them."""
    heed = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_DFL)"
    args = ["verify", "--samples", "1000", "--function", "gelu_backward", "gelu_tanh_backward",
            "--dtype", "float64", "float16"]  # fmt: skip
    with start(heed, *args, start_new_session=True) as child:
        lines = [child.stdout.readline() for _ in range(2 + len(LEVELS))]  # float64 is done
        assert lines[1].startswith("gelu_backward float64")
        (os.killpg if whole_group else os.kill)(child.pid, signal.SIGINT)
        rest, stderr = child.communicate(timeout=60)
    assert (child.returncode, rest, stderr) == (130, "", "gelu-simd: stopped by SIGINT\n")
    end = time.monotonic() + 30
    while group_exists(child.pid):
        assert time.monotonic() < end
        time.sleep(0.01)


def group_exists(leader: int) -> bool:
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so while only zombies are left
        pass
    return True
