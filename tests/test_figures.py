"""The published errors: pages, comments and docstrings agree with the measurements."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from helpers import DTYPES, INFO, needs_bench, program

from gelu_simd._check import examine
from gelu_simd._functions import TIERS, limit
from gelu_simd._levels import BITS
from gelu_simd._measured import Largest
from gelu_simd._types import TYPES

pytestmark = needs_bench


@pytest.fixture
def figures() -> ModuleType:
    """Give the part of the publisher that writes them."""
    return program("figures_accuracy")


def test_page(figures: ModuleType) -> None:
    pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")
    [(page, text)] = figures.published(figures.stored()).items()
    assert text == page.read_text(encoding="utf-8")


@pytest.mark.parametrize("dtype", [name for name, row in TYPES.items() if row.lane == name])
def test_comments(figures: ModuleType, dtype: str) -> None:
    for path, text in figures.comments(dtype, figures.stored()).items():
        assert path.read_text(encoding="utf-8") == text


def test_stubs() -> None:
    publish = program("publish")
    for tier in TIERS:
        text = publish.stub_file(tier).read_text(encoding="utf-8")
        assert publish.stub(tier, text) == text


def test_page_of_frameworks() -> None:
    costs = program("figures_frameworks")
    report = costs.stored()
    [(page, text)] = costs.published(report).items()
    assert text == page.read_text(encoding="utf-8")
    next(iter(report["microseconds"].values()))["1Ki"]["min"] *= 2
    assert costs.published(report)[page] != text


def test_page_of_other_libraries() -> None:
    others = program("figures_others")
    report = others.stored()
    [(page, text)] = others.published(report).items()
    assert text == page.read_text(encoding="utf-8")
    drawn_from = others.RESULTS.read_text(encoding="utf-8")
    assert others.pictures.is_drawn_from(others.PICTURE, drawn_from)
    for row in report["libraries"]["gelu_simd"]["forms"].values():
        assert max(row["max_ulp"]) <= 3.0
    next(iter(report["libraries"].values()))["forms"]["exact"]["max_ulp"][-1] = 999.0
    assert others.published(report)[page] != text


def test_data(figures: ModuleType) -> None:
    assert figures.data(figures.stored()) == figures.DATA.read_text(encoding="utf-8")


def test_every_limit_has_its_figure(
    figures: ModuleType, function: str, dtype: np.dtype, isa: str
) -> None:
    """The figure is within the limit, and is the kernels' error at its input."""
    error, x, number = figures.stored()[function, dtype.name, BITS[isa]]
    assert error <= limit(function, dtype.name)
    assert number >= min(10**8, 1 << 8 * dtype.itemsize)
    block = np.array([float.fromhex(x)], dtype)
    [finding] = examine.examine(function, [isa], lambda: block, 0)
    assert finding.error == pytest.approx(error, abs=1e-4)


def test_missing_figures_are_named(figures: ModuleType) -> None:
    measured = figures.stored()
    figures.require_all(measured)
    del measured["gelu", "float64", "fused"]
    with pytest.raises(ValueError, match="no figures of gelu float64 on fused levels; pass a"):
        figures.require_all(measured)


def test_report_is_taken_over(figures: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    from gelu_simd._cli.screens import verify

    level = INFO["available"][0]
    verify(["gelu", "gelu_backward"], DTYPES[:1], [level], 1000, exhaustive=False, json_file="-")
    report = capsys.readouterr().out
    old = ("gelu_tanh", "float32", "fused"), Largest(1.0, "0x1p-1", 7)
    merged = figures.update(dict([old]), report)
    key = "gelu", DTYPES[0].name, BITS[level]
    assert merged.keys() == {old[0], key}
    [result] = examine.check("gelu", DTYPES[0], [level], 1000)
    assert merged[key].error == round(result.finding.error, 4)
    assert merged[key].inputs == result.finding.inputs
    assert float.fromhex(merged[key].x) == result.finding.at[0]
    with pytest.raises(ValueError, match="missed"):
        figures.update({}, report.replace('"ok": true', '"ok": false'))
    more = merged[key]._replace(inputs=merged[key].inputs + 1)
    with pytest.raises(ValueError, match=f"has had {more.inputs} inputs"):
        figures.update({key: more}, report)


def test_missing_comments_are_named(
    figures: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.inc").write_text("")
    monkeypatch.setitem(figures.MATHS, "float64", [tmp_path / "empty.inc"])
    with pytest.raises(ValueError, match=r"no comment ' . Max error over .* above gelu_f64 in"):
        figures.comments("float64", figures.stored())
