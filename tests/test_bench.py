"""The command `bench`: wrong peers are refused, times are fair, files are whole, pages agree."""

from __future__ import annotations

import gc
import importlib
import io
import json
import math
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from gelu_simd._ufuncs import records
from helpers import BENCH, DTYPES, UFUNCS, check_error, dtype_of, name_of, program, run, start

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._cli import bench as command
from gelu_simd._cli.main import VALUES_AND_GRADIENTS
from gelu_simd._compare import budget, formulas, measure, peers, tables, timing
from gelu_simd._compare import report as reports
from gelu_simd._compare.peers import mnn
from gelu_simd._compare.peers.numpy_formulas import WITHOUT_FORMULA
from gelu_simd._compare.peers.ways import Way, silent
from gelu_simd._functions import FUNCTIONS, limit

FLOAT32 = np.dtype(np.float32)

quick = ["--seconds", 1, "--sizes", "64", "1Ki"]


def formula_entry(name: str) -> peers.Entry:
    [entry], absent = peers.load([name], threads=1)
    assert absent == {}
    return entry


# ---- sizes ----


@pytest.mark.parametrize(
    ("text", "n"), [("1", 1), ("1000", 1000), ("16Ki", 16384), ("4Mi", 1 << 22)]
)
def test_sizes(text: str, n: int) -> None:
    assert reports.size(text) == n
    assert reports.size_name(n) == text


@pytest.mark.parametrize(
    ("text", "n"),
    [("1e6", 10**6), ("1.5e3", 1500), ("2E+3", 2000), ("0.5Ki", 512), ("4Gi", 1 << 32)],
)
def test_other_spellings(text: str, n: int) -> None:
    assert reports.size(text) == n


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "1.5", "1e-3", "1e400", "0.3Ki", "Ki", "1_000", "\u0661", "nan", "inf", "1e13"],
)
def test_wrong_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="not a whole number of elements such as"):
        reports.size(text)


# ---- the comparison before the timing ----


def test_ours_and_formulas_pass(ufunc: np.ufunc, dtype: np.dtype) -> None:
    entries = peers.our_levels(threads=1) + [
        formula_entry(name) for name in ("numpy-mul", "numpy-pow")
    ]
    a = timing.arrays(dtype, 1000)
    for entry in entries:
        for way in entry.ways(name_of(ufunc), a).values():
            with way.context():
                measure.check(entry.title, name_of(ufunc), way, a)


def test_every_function_has_a_formula(ufunc: np.ufunc) -> None:
    pytest.importorskip("scipy")
    a = timing.arrays(FLOAT32, 10)
    names = ["scipy-erf", "scipy-ndtr", "numpy-mul", "numpy-pow", "numpy-quick"]
    row = records[ufunc]
    count = 0 if row.kind in WITHOUT_FORMULA else 1 if row.form == "quick" else 2
    assert sum(len(formula_entry(name).ways(row.name, a)) for name in names) == count


OTHER_FORMS = [
    (row.name, other.name)
    for row in FUNCTIONS.values()
    for other in FUNCTIONS.values()
    if other.form != row.form and (other.kind, other.tier) == (row.kind, row.tier)
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("function", "other"), OTHER_FORMS)
def test_the_other_form_is_refused(function: str, other: str, dtype: str) -> None:
    a = timing.arrays(dtype_of(dtype), 1000)
    way = Way(partial(_ufuncs.ufuncs[other], *a.inputs(function), *a.outs(function)))
    with pytest.raises(reports.WrongResult, match=f"^it does not compute {function} of {dtype}: "):
        measure.check("it", function, way, a)


WRONG = {
    "nothing is written": lambda a: a.out,
    "one element is wrong": lambda a: np.where(np.arange(a.x.size) == 7, 0.1, gelu_simd.gelu(a.x)),
    "one element is NaN": lambda a: np.where(a.x == a.x.max(), np.nan, gelu_simd.gelu(a.x)),
    "another length": lambda a: gelu_simd.gelu(a.x)[1:],
    "the inputs are swapped": lambda a: gelu_simd.gelu(a.dy),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_wrong_results_are_refused(dtype: np.dtype, call) -> None:
    a = timing.arrays(dtype, 100)
    with pytest.raises(reports.WrongResult, match=r"^it "):
        measure.check("it", "gelu", Way(lambda: call(a)), a)


def test_slack_of_a_way() -> None:
    """MNN's is enough for its errors, and too little for the other form."""
    a = timing.arrays(FLOAT32, 1000)
    off = gelu_simd.gelu_tanh(a.x) + 4e-5 * (1 + np.abs(a.x))
    with pytest.raises(reports.WrongResult):
        measure.check("it", "gelu_tanh", Way(lambda: off), a)
    measure.check("it", "gelu_tanh", Way(lambda: off, slack=mnn.SLACK), a)
    with pytest.raises(reports.WrongResult):
        measure.check("it", "gelu", Way(lambda: gelu_simd.gelu_tanh(a.x), slack=mnn.SLACK), a)


def test_a_result_left_from_before_is_refused() -> None:
    a = timing.arrays(FLOAT32, 100)
    gelu_simd.gelu(a.x, a.out)
    with pytest.raises(reports.WrongResult):
        measure.check("it", "gelu", Way(lambda: a.out), a)


def test_a_wrong_peer_stops_the_run() -> None:
    wrong = peers.Entry("wrong", "Wrong", "peer", "1", lambda _, a: {"new": Way(lambda: -a.x)})
    a = timing.arrays(FLOAT32, 100)
    with pytest.raises(reports.WrongResult, match=r"^Wrong does not compute gelu of float32"):
        measure.prepared([*peers.our_levels(threads=1), wrong], "gelu", a, 1, [])


# ---- times ----


def test_ways_are_timed_in_turn_without_garbage_collection() -> None:
    calls: list[str] = []
    inside: list[str] = []

    @contextmanager
    def context(name: str) -> Iterator[None]:
        inside.append(name)
        yield
        inside.pop()

    def call(name: str) -> None:
        assert inside == [name]
        assert not gc.isenabled()
        calls.append(name)

    ways = {name: Way(partial(call, name), context=partial(context, name)) for name in "ab"}
    results = timing.alternate(ways, seconds=0)
    assert gc.isenabled()
    for result in results.values():
        assert result.rounds == timing.ROUNDS
        assert 0 < result.minimum <= result.median
    turns = [x for x, y in zip(calls, [None, *calls], strict=False) if x != y]
    assert "".join(turns) == "ab" * (1 + timing.ROUNDS)
    for name, result in results.items():
        assert calls.count(name) >= result.rounds * result.repeats


class Clock:
    """A clock that goes only when it is made to: what `time` is for the modules under test."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    process_time = perf_counter

    def spend(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (timing, budget):
        monkeypatch.setattr(module, "time", clock)
    return clock


def test_ways_share_the_seconds(clock: Clock) -> None:
    """Each way has the same time, but at least some rounds, and no round ends too late."""
    calls = {"fast": 1e-3, "slow": 0.1, "too slow": 5.0}
    ways = {name: Way(partial(clock.spend, call)) for name, call in calls.items()}
    results = timing.alternate(ways, seconds=25)
    assert 24.8 < clock.now <= 25
    assert results["too slow"].rounds == timing.ROUNDS
    rest = 25 - (timing.ROUNDS + 1) * 5
    for name in ("fast", "slow"):
        assert results[name].rounds * calls[name] == pytest.approx(rest / 2, abs=0.2)
        assert results[name].minimum == pytest.approx(calls[name])
    assert results["slow"].cpus == pytest.approx(1)
    start = clock.now
    few = timing.alternate(ways, seconds=0)
    assert {result.rounds for result in few.values()} == {timing.ROUNDS}
    assert clock.now > start


def test_the_cheapest_ways_are_affordable() -> None:
    costs = {("a", "new"): 3.0, ("b", "new"): 1.0, ("c", "new"): 2.0, ("c", "out"): 1e-3}
    assert measure.affordable(costs, 3.5) == {("b", "new"), ("c", "new"), ("c", "out")}
    assert measure.affordable(costs, -1.0) == {("c", "out")}


@pytest.mark.parametrize(
    ("sizes", "steps"),
    [
        ([1, 1024], [1, 1024]),
        ([1 << 26, 1], [1, measure.MANY, 1 << 26]),
        ([1 << 16, 1 << 26], [1 << 16, 1 << 26]),
    ],
)
def test_large_sizes_have_a_smaller_one_before(sizes: list[int], steps: list[int]) -> None:
    assert measure.steps(sizes) == steps


def slowed(entry: peers.Entry, clock: Clock, ns: float) -> peers.Entry:
    """Return an entry whose calls take so many nanoseconds per element, 10 ms at least."""

    def ways(function: str, a: peers.Arrays) -> dict[str, Way]:
        def run(way: Way) -> object:
            clock.spend(max(1e-2, ns * a.x.size * 1e-9))
            return way.run()

        return {k: w._replace(run=partial(run, w)) for k, w in entry.ways(function, a).items()}

    return entry._replace(ways=ways)


SIZES = [1, 1 << 12, 1 << 16, 1 << 20]


@pytest.mark.parametrize("seconds", [60, 240])
def test_the_seconds_are_those_of_the_whole_run(clock: Clock, seconds: float) -> None:
    """What would take too long is left out, at the sizes where it would."""
    ours, quick, slow = (
        slowed(entry, clock, ns)
        for entry, ns in zip(
            [peers.our_levels(threads=1)[0], *map(formula_entry, ("numpy-mul", "numpy-pow"))],
            (200.0, 400.0, 2000.0),
            strict=True,
        )
    )
    functions = ["gelu_tanh", "gelu_tanh_backward"]
    whole = budget.Budget(seconds)
    done = []
    columns = measure.measure(
        [ours, quick, slow], functions, [FLOAT32], SIZES, 1, whole, lambda *n: done.append(n)
    )
    rows = [row for times, _ in columns for row in times]
    assert 0.95 * seconds < clock.now <= seconds
    assert done[-1][0] == done[-1][1]
    assert sorted(done) == done
    assert min(row["rounds"] for row in rows) >= timing.ROUNDS
    for function in functions:
        for entry in (ours, quick, slow):
            sizes = [r["n"] for r in rows if (r["name"], r["function"]) == (entry.name, function)]
            assert sizes == (SIZES[:-1] if entry is slow and seconds == 60 else SIZES)
    report = {"times": rows}
    lost = ["-: no time for 2 of the large sizes; more --seconds have them"]
    assert list(tables.untimed(report)) == (lost if seconds == 60 else [])


def test_too_few_seconds_are_told(clock: Clock) -> None:
    whole = budget.Budget(10)
    with whole.spending("importing"):
        clock.spend(4)
    assert tables.shared(whole, 5.9, 3).endswith(
        "4.0 s went to imports, 2 s are left for each of 3 cells"
    )
    assert tables.shared(whole, 6.1, 3).startswith("too few seconds: 4.0 s went to imports, the")
    with whole.spending("timing"):
        clock.spend(8)
    assert tables.spent(whole) == "took 12.0 of 10 s: importing 4.0, timing 8.0"


# ---- errors ----


def test_errors_show_the_lost_tail() -> None:
    entries = [*peers.our_levels(threads=1), formula_entry("numpy-mul"), formula_entry("copy")]
    rows = {row["name"]: row["max_ulp"] for row in measure.errors(entries, "gelu_tanh", FLOAT32)}
    assert set(rows) == {*gelu_simd.cpu_info()["available"], "numpy-mul"}
    assert {len(bins) for bins in rows.values()} == {measure.BINS}
    for level in gelu_simd.cpu_info()["available"]:
        assert max(rows[level]) <= limit("gelu_tanh", "float32")
    low, high = reports.RANGE
    at = round((-7 - low) / (high - low) * measure.BINS)
    assert rows["numpy-mul"][at] == pytest.approx(2**24, rel=0.01)
    assert rows["numpy-mul"][-1] < 3


# ---- the registry ----


@pytest.mark.parametrize("peer", ["numba", "thinc"])
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, peer: str) -> None:
    monkeypatch.setitem(sys.modules, peer, None)
    assert peers.load([peer], threads=1) == ([], {peer: "not installed"})


def test_what_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise ImportError("made for\nanother NumPy")

    broken = peers.Peer("broken", "Broken", "peer", ("numpy",), fail)
    monkeypatch.setitem(peers.PEERS, "broken", broken)
    _, absent = peers.load(["broken", "copy"], threads=1)
    assert absent == {"broken": "cannot be imported: made for another NumPy"}


def test_mnn_is_not_loaded_beside_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """MNN 3.6.1's converter aborts a process in which TensorFlow 2.21.0 is."""
    monkeypatch.setitem(sys.modules, "tensorflow", ModuleType("tensorflow"))
    with pytest.raises(ImportError, match="TensorFlow"):
        mnn.load(1)


def test_silence_has_an_end(capfd: pytest.CaptureFixture) -> None:
    with suppress(KeyError), silent():
        os.write(1, b"of a library")
        os.write(2, b"of a library")
        raise KeyError
    os.write(1, b"ours")
    os.write(2, b"ours too")
    assert capfd.readouterr() == ("ours", "ours too")


@pytest.mark.parametrize("name", ["scipy-erf", "numba", "numexpr", "thinc", "torch", "onnxruntime",
                                  "jax", "tensorflow", "litert", "openvino", "mnn"])  # fmt: skip
def test_installed_peers_compute_the_same(name: str) -> None:
    """In a process of its own, for every function and type that the peer has."""
    for module in peers.PEERS[name].modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}")
    functions = [ufunc.__name__ for ufunc in UFUNCS]
    done = run("bench", *quick, "--peers", name, "--function", *functions, "--dtype", *DTYPES)
    assert done.returncode == 0, done.stderr
    assert "left out" not in done.stdout
    _, first, versions, *_ = done.stdout.splitlines()
    assert first.startswith(f"gelu_simd {gelu_simd.__version__}, ")  # the peers are silent
    title = peers.PEERS[name].title
    assert re.fullmatch(rf"{title} [0-9][\w.]*", versions)
    assert f"\n{title} " in done.stdout.partition("\n\n")[2]


# ---- the command ----


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("bench") / "report.json"
    peers = ["numpy-mul", "numpy-pow", "relu", "exp", "copy"]
    return run("bench", *quick, "--peers", *peers, "--json", path), path


def test_tables(done) -> None:
    done, _ = done
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.isascii()
    first, *lines = done.stdout.splitlines()
    assert first == "takes about 1 s, the import of the peers included"
    assert lines[2].startswith("too few seconds: ")
    assert re.fullmatch(r"took \d+\.\d of 1 s: importing .*, timing \d+\.\d", lines[-1])
    assert max(map(len, lines[3:-1])) <= 80
    blocks = done.stdout.split("\n\n")
    shown = blocks[1 : 1 + len(VALUES_AND_GRADIENTS)]
    assert [block.partition("\n")[0] for block in shown] == [
        f"{name} float32" for name in VALUES_AND_GRADIENTS
    ]
    level = gelu_simd.cpu_info()["available"][0]
    for block in shown:
        assert f"\ngelu_simd {level} " in block
        assert "\nnp.copyto " in block
        assert ("\nNumPy x**3 " in block) == (FUNCTIONS[block.split()[0]].form == "tanh")


def test_report(done) -> None:
    report = json.loads(done[1].read_text(encoding="utf-8"))
    assert report["numpy"] == np.__version__
    assert report["gelu_simd"] == gelu_simd.__version__
    assert report["cpu"].startswith(gelu_simd.cpu_info()["cpu"])
    assert report["threads"] == 1
    assert report["entries"]["numpy-mul"]["version"] == np.__version__
    rows = report["times"]
    measured = {(row["name"], row["function"]) for row in rows}
    assert measured >= {
        (name, "gelu") for name in [*gelu_simd.cpu_info()["available"], "relu", "exp", "copy"]
    }
    assert ("numpy-pow", "gelu_tanh_backward") in measured
    assert {row["n"] for row in rows} == {64, 1024}
    for row in rows:
        assert 0 < row["min_ns"] <= row["median_ns"] < math.inf
        assert row["rounds"] >= timing.ROUNDS
    assert {row["name"] for row in report["errors"]} >= {"numpy-mul"}


def test_no_debris(done) -> None:
    assert list(done[1].parent.iterdir()) == [done[1]]


def fail(*_: object) -> None:
    raise MemoryError


def measure_into(json_file: Path | None, plot_file: Path | None) -> None:
    command.bench(["copy"], ["gelu"], [FLOAT32], [64], 1, 0.01, json_file, plot_file)


def test_a_report_that_fails_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(command, "to_json", fail)
    with pytest.raises(MemoryError):
        measure_into(path, None)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_peer_asked_for_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numexpr", None)  # can be neither found nor imported
    with pytest.raises(reports.BenchError, match=r"^numexpr: not installed$"):
        command.bench(["numexpr", "copy"], ["gelu"], [FLOAT32], [64], 1, 0, None, None)


def test_arrays_lie_where_copies_are_fast() -> None:
    a = timing.arrays(FLOAT32, 1000)
    assert [x.ctypes.data % 4096 for x in a] == [0, 1024, 3072, 2048, 2560]
    assert np.isnan(a.out).all()
    assert np.isnan(a.out2).all()


def test_no_peers() -> None:
    done = run("bench", "--seconds", 1, "--sizes", 64, "--peers", "none", "--function", "gelu")
    assert done.returncode == 0, done.stderr
    assert "NumPy x" not in done.stdout
    assert "np.copyto" not in done.stdout
    assert "gelu_simd portable" in done.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--peers", "caffe"], "invalid choice: 'caffe'"),
        (["--peers", "all", "numba"], "--peers takes all, none or names"),
        (["--sizes", "0"], "not a whole number of elements"),
        (["--threads", "3"], "invalid choice: '3'"),
        (["--seconds", "0"], "not a positive number"),
        (["--function", "relu"], "invalid choice: 'relu'"),
        (["--json", "nowhere/report.json"], r"cannot write 'nowhere\W+report\.json': No such file"),
        (["--json", "."], "cannot write '.': "),
    ],
)
def test_wrong_usage_is_told_before_the_measuring(args: list[str], message: str) -> None:
    check_error(run("bench", *args), message)


def test_too_large_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(measure, "arrays", fail)
    rows = measure.measure([], ["gelu"], [FLOAT32], [1 << 30], 1, budget.Budget(1), print)
    with pytest.raises(reports.BenchError, match=r"1024Mi elements of float32 take 20\.0 GiB"):
        next(rows)


def test_pictures_name_their_extra(tmp_path: Path) -> None:
    without = "import sys\nsys.modules['matplotlib'] = None"
    child = start(without, "bench", "--plot", tmp_path / "p.png")
    stdout, stderr = child.communicate(timeout=60)
    message = "--plot needs matplotlib: pip install matplotlib"
    assert (child.returncode, stdout, stderr) == (2, "", f"gelu-simd: error: {message}\n")


# ---- pictures ----


@pytest.fixture
def plots() -> ModuleType:
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    return importlib.import_module("gelu_simd._compare.plots")


@pytest.fixture
def report(done) -> dict:
    return json.loads(done[1].read_text(encoding="utf-8"))


@pytest.mark.usefixtures("plots")
def test_picture(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    args = ["--peers", "numpy-mul", "copy", "--dtype", "float32", "float64", "--function", "gelu",
            "gelu_tanh_backward"]  # fmt: skip
    done = run("bench", *quick, *args, "--plot", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("plots")
def test_format_that_cannot_be_drawn() -> None:
    check_error(run("bench", "--plot", "picture.txt"), r"'picture\.txt' ends with none of ")


def test_a_picture_that_fails_leaves_the_old_one(
    plots: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(plots, "draw_error", fail)
    with pytest.raises(MemoryError):
        measure_into(None, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_lines_of_a_picture(plots: ModuleType, report: dict) -> None:
    from matplotlib.figure import Figure

    entries = plots.shown(report, ["gelu_tanh"], ["float32"])
    levels = gelu_simd.cpu_info()["available"]
    assert list(entries) == [*(levels[:-1] or levels), "numpy-mul", "numpy-pow"]
    ax = Figure().subplots()
    plots.draw_speed(ax, report, "gelu_tanh", "float32", entries, report["threads"])
    assert len(ax.lines) == len(entries)
    best = reports.best(
        row
        for row in report["times"]
        if (row["function"], row["dtype"]) == ("gelu_tanh", "float32")
    )
    for name, line in zip(entries, ax.lines, strict=True):
        assert list(line.get_ydata()) == [best[name, 64], best[name, 1024]]


def test_every_entry_has_a_strip_of_its_errors(plots: ModuleType, report: dict) -> None:
    """Also where two have the same, and a name alone where there is no such function."""
    from matplotlib.figure import Figure

    entries = plots.shown(report, ["gelu", "gelu_tanh"], ["float32"])
    errors = {
        row["name"]: np.clip(row["max_ulp"], 0.5, 2.0**24)
        for row in report["errors"]
        if (row["function"], row["dtype"]) == ("gelu", "float32")
    }
    assert 0 < len(errors) < len(entries)
    ax = Figure().subplots()
    plots.draw_error(ax, report, "gelu", "float32", entries)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        entry["title"] for entry in entries.values()
    ]
    [image] = ax.get_images()
    for name, strip in zip(entries, image.get_array().filled(np.nan), strict=True):
        if name in errors:
            assert np.array_equal(strip, errors[name])
        else:
            assert np.isnan(strip).all()
    assert [note.get_text() for note in ax.texts] == ["none"] * len(entries.keys() - errors)


def test_panels_of_each_number_of_threads(
    plots: ModuleType, report: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    report["times"] += [row | {"threads": None} for row in report["times"]]
    panels = []
    monkeypatch.setattr(plots, "draw_speed", lambda *args: panels.append((args[2], args[-1])))
    plots.draw(report, io.BytesIO(), "png", ["speed"], ["gelu", "gelu_tanh"], ["float32"])
    assert panels == [("gelu", 1), ("gelu_tanh", 1), ("gelu", None), ("gelu_tanh", None)]
    assert plots.caption(report) == f"{report['cpu']}, {report['date']}"


def test_every_peer_has_its_own_style(plots: ModuleType) -> None:
    names = [peer.name for peer in peers.PEERS.values() if peer.kind == "peer"]
    assert list(plots.STYLES) == names
    assert len(set(plots.STYLES.values())) == len(names)


# ---- what the pages say ----


@pytest.fixture(scope="module")
def publish() -> ModuleType:
    if not BENCH.exists():
        pytest.skip("bench is not beside tests")
    return program("figures_speed")


def published(publish: ModuleType) -> tuple[list[dict], dict]:
    """Return what makes the pages: the machines' reports, the training's."""
    return publish.machines(), publish.read(publish.TRAINED)


def test_pages_say_what_was_measured(publish: ModuleType) -> None:
    machines, trained = published(publish)
    for page, text in publish.published(machines, trained).items():
        assert text == page.read_text(encoding="utf-8")
    assert len({publish.folder(report) for report in machines}) == len(machines)


def test_claim_is_the_ratios_to_formulas(publish: ModuleType, report: dict) -> None:
    """Of all, beyond one element: the medians of the machines, the extremes, the last level's."""
    ours = [name for name, entry in report["entries"].items() if entry["kind"] == "ours"]
    formulas = [
        name for name, entry in report["entries"].items() if entry["title"] in publish.FORMULAS
    ]
    assert formulas
    for row in report["times"]:
        row["min_ns"] = {ours[0]: 1.0, ours[-1]: 10.0}.get(row["name"], 2.0)
    report["times"] += [
        {"function": "gelu", "dtype": "float32", "threads": 1, "n": 1 << 30, "name": name} | cell
        for name, cell in [(ours[0], {"min_ns": 1.0}), (formulas[0], {"min_ns": 70.0})]
    ]
    text = " ".join(publish.claim([report]))
    slowest = "0.20 to 0.20" if len(ours) > 1 else "2.0 to 70"
    assert "typically 2.0 to 2.0 times as fast" in text
    assert "(2.0 to 70 times in all that was measured)" in text
    assert f"without AVX2 and NEON, is {slowest} times as fast" in text


def test_pictures_are_of_their_reports(publish: ModuleType) -> None:
    paths = {publish.TRAINED: [publish.TRAINED.with_suffix(".png")]}
    for report in publish.machines():
        folder = publish.folder(report)
        paths[folder / "report.json"] = [folder / f"{kind}.png" for kind in publish.PICTURES]
    for path, drawn in paths.items():
        report = path.read_text(encoding="utf-8")
        for picture in drawn:
            assert picture.read_bytes().startswith(b"\x89PNG")
            assert publish.pictures.is_drawn_from(picture, report)
            assert not publish.pictures.is_drawn_from(picture, report + " ")
            assert picture.stat().st_size < 150 << 10


def test_pages_change_with_the_figures(publish: ModuleType) -> None:
    machines, trained = published(publish)
    before = publish.published(machines, trained)
    for row in machines[0]["times"]:
        row["min_ns"] *= 2
    after = publish.published(machines, trained)
    assert all(before[page] != after[page] for page in before)
    machines, trained = published(publish)
    trained["results"]["MLP"]["GELU"]["accuracy"][0] -= 0.1
    assert publish.published(machines, trained) != before


def test_reports_of_one_machine_become_one(publish: ModuleType, report: dict) -> None:
    own = dict(report, threads=None, times=[row | {"threads": None} for row in report["times"]])
    merged = publish.merge([report, own])
    assert merged["threads"] == 1
    assert merged["times"] == report["times"] + own["times"]
    assert merged["errors"] == report["errors"]
    assert publish.merge([merged]) == merged
    assert json.loads(reports.to_json(merged)) == merged
    mnn = {"title": "MNN", "kind": "peer", "version": "1"}
    more = publish.merge([report, dict(report, entries=report["entries"] | {"mnn": mnn})])
    assert list(more["entries"]) == [
        *gelu_simd.cpu_info()["available"], "mnn", *list(report["entries"])[-5:]
    ]  # fmt: skip
    with pytest.raises(SystemExit, match="differ in cpu"):
        publish.merge([report, dict(report, cpu="another")])


def test_faster_peers_are_named(report: dict) -> None:
    assert all(line.startswith("faster: ") for line in tables.faster(report))
    for row in report["times"]:
        row["min_ns"] = {"numpy-mul": 0.5, "numpy-pow": 2.0}.get(row["name"], 1.0)
    assert list(tables.faster(report)) == [
        f"faster: NumPy x*x*x, {function} float32, one thread: 64 0.50x, 1Ki 0.50x"
        for function in VALUES_AND_GRADIENTS
        if FUNCTIONS[function].form == "tanh"
    ]


def test_peers_on_more_threads_are_named(report: dict) -> None:
    for row in report["times"]:
        row.update(n=1 << 14, cpus=1.9 if row["name"] == "numpy-mul" else 1.1)
    assert list(tables.crowded(report)) == [
        "on more threads than allowed: NumPy x*x*x, 1.9 processors"
    ]
    assert not list(tables.crowded(report | {"threads": None}))


def test_formulas_differentiate_one_another() -> None:
    x, step = np.linspace(-4, 4, 1001), 1e-6
    for value, grad in [(formulas.silu, formulas.silu_grad), (formulas.elu, formulas.elu_grad),
                        (formulas.gelu_tanh_mul, formulas.gelu_tanh_grad_mul),
                        (formulas.gelu_tanh_pow, formulas.gelu_tanh_grad_pow)]:  # fmt: skip
        slope = (value(x + step) - value(x - step)) / (2 * step)
        np.testing.assert_allclose(grad(x), slope, atol=1e-6)
