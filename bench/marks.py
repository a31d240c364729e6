"""The parts of README that bench/publish.py writes, between marks."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

BEGIN = "<!-- Written by bench/publish.py: {}. -->\n"
END = "<!-- End of what it wrote. -->\n"


def replace(text: str, part: str, content: str) -> str:
    """Return README with another content of one part."""
    begin = BEGIN.format(part)
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(END)
    if not after:
        raise ValueError(f"README has no part {begin!r}")
    return before + begin + content + END + after
