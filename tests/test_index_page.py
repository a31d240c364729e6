"""README on a package index: links and pictures lead to the repository, or are not there."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path
from types import ModuleType

import pytest

import gelu_simd

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    not (ROOT / "setup.py").exists(), reason="the sources are not beside tests"
)

PAGE = """\
[text](CONTRIBUTING.md), [out](https://example.org/else), [part](docs/use.md#types)

![picture](bench/a.png)
"""


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    return pytest.importorskip("setup", reason="needs setuptools")


def test_links_to_the_repository(setup: ModuleType) -> None:
    assert setup.index_page(PAGE, "https://example.org/gelu", "1.2") == (
        "[text](https://example.org/gelu/blob/v1.2/CONTRIBUTING.md), "
        "[out](https://example.org/else), "
        "[part](https://example.org/gelu/blob/v1.2/docs/use.md#types)\n\n"
        "![picture](https://example.org/gelu/raw/v1.2/bench/a.png)\n"
    )


def test_no_links_without_an_address(setup: ModuleType) -> None:
    page = setup.index_page(PAGE, "", "1.2")
    assert page == "text, [out](https://example.org/else), part\n\n\n"


def test_version(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert setup.version() == gelu_simd.__version__


def test_page_of_this_installation() -> None:
    """No link of it leads to a file beside it."""
    metadata = importlib.metadata.metadata("gelu-simd")
    page = metadata.get_payload() or metadata["Description"]
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert page.startswith("# gelu_simd\n")
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert all(link.startswith("https://") for link in links)
