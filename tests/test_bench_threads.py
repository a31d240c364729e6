"""The program bench/threads.py."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
from helpers import needs_bench, program, run_program

pytestmark = needs_bench

SMALL = [
    "--functions",
    "gelu",
    "--dtypes",
    "float32",
    "--sizes",
    "16Ki",
    "1Mi",
    "--seconds",
    "0.02",
]


@pytest.mark.parametrize(
    ("part", "figure"),
    [("gain", "apart"), ("copy", "copy_ns"), ("crowd", "ratio"), ("peers", "ns")],
)
def test_a_row_for_each_cell(tmp_path: Path, part: str, figure: str) -> None:
    file = tmp_path / "rows.json"
    done = run_program("threads", part, *SMALL, "--threads", 2, "--peers", "torch", "--json", file)
    assert done.returncode == 0, done.stderr
    report = json.loads(file.read_text())
    assert [row["n"] for row in report["rows"]] == [1 << 14, 1 << 20]
    assert all(row[figure] for row in report["rows"])
    assert done.stdout.count("gelu ") == len(report["rows"]), done.stdout


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_cost_of_sharing(tmp_path: Path) -> None:
    """The pool with a driver: a job takes at least as long as its parts on all threads."""
    run = program("threads").driver(tmp_path)
    for threads in (1, 2, 4):
        for sleep in (0, 100):
            assert 20 * 10_000 / threads <= run(threads, 20, 10_000, sleep) < math.inf


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_cost_of_a_call(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    done = run_program("threads", "call", "--json", file)
    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text())["rows"]
    assert len(rows) == done.stdout.count("multiplications") == 3
    assert all(row["kernel_ns"] > 0 for row in rows)
    assert rows[0]["kernel_ns"] < rows[-1]["kernel_ns"]


@pytest.mark.parametrize(
    ("work", "cpus", "expected"),
    [
        (100, 1, 100),
        (100, 2, 60),  # works from 5 on, the helper from 15 on
        (12, 2, 16),  # the helper works from 15 on
        (10, 2, 15),  # too short for the helper
        (1000, 4, 270),  # they work from 10, 20, 20 and 30 on
    ],
)
def test_model(work: float, cpus: int, expected: float) -> None:
    """Waking takes 5, and a helper begins 15 after it has begun."""
    threads = program("threads")
    assert threads.constant("threads.c", "WAKES") == 2
    assert threads.shared_time(work, cpus, 5, 15) == pytest.approx(expected)
