"""The parts of README and other files that bench/publish.py writes, between marks."""

import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "src" / "gelu_simd" / "docs"

#: The page of each part.
PAGES = {
    "claim": README,
    "summary": README,
    "speed": DOCS / "speed.md",
    "training": DOCS / "speed.md",
    "accuracy": DOCS / "accuracy.md",
    "others": DOCS / "accuracy.md",
    "frameworks": DOCS / "libraries.md",
}

BEGIN, END = "Written by bench/publish.py: {}.", "End of what it wrote."

# How a mark is a comment.
MARKDOWN = "<!-- {} -->\n"
PYTHON = "# {}\n"


def replace(text: str, part: str, content: str, comment: str = MARKDOWN) -> str:
    """Return a file's text with another content of one part."""
    begin, end = comment.format(BEGIN.format(part)), comment.format(END)
    before, begins, rest = text.partition(begin)
    _, ends, after = rest.partition(end)
    if not (begins and ends):
        raise ValueError(f"there is no part {begin.strip()!r}")
    return before + begin + content + end + after


def pages(parts: Mapping[str, str]) -> dict[Path, str]:
    """Return the pages of some parts with these contents."""
    texts: dict[Path, str] = {}
    for part, content in parts.items():
        page = PAGES[part]
        text = texts.get(page) or page.read_text(encoding="utf-8")
        texts[page] = replace(text, part, content)
    return texts


def link(path: Path, part: str) -> str:
    """Return the address of a file as the page of a part writes it."""
    return Path(os.path.relpath(path, PAGES[part].parent)).as_posix()
