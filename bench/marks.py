"""The parts of README and other files that bench/publish.py writes, between marks."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

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
