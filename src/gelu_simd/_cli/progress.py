"""Words on standard error: notes, and a progress bar.

Nobody needs them: where they cannot be written the program goes on.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Self, TextIO

DELAY = 1.0  # seconds: shorter jobs show no bar
PERIOD = 0.1  # seconds between two drawings
WIDTH = 30  # of the bar, in characters


def tell(text: str) -> None:
    """Write a line."""
    _write(f"gelu-simd: {text}\n")


def _write(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Drop what a stream cannot write; Python would try again at the end, and change the code."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Progress:
    """A bar on stderr, drawn only on a terminal and erased at the end of the ``with`` block."""

    def __enter__(self) -> Self:
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._start = time.monotonic()
        self._next = self._start + DELAY
        self._drawn = 0
        return self

    def update(self, done: int, total: int) -> None:
        """Show that `done` of `total` elements are done."""
        now = time.monotonic()
        if not self._terminal or now < self._next:
            return
        self._next = now + PERIOD
        left = (now - self._start) * (total - done) / done
        bar = "#" * (WIDTH * done // total)
        line = f"[{bar:.<{WIDTH}}] {100 * done // total:3d} %, {left:.0f} s left"
        _write(f"\r{line:<{self._drawn}}")
        self._drawn = len(line)

    def erase(self) -> None:
        """Make room for other output; the next update draws the bar again."""
        if self._drawn:
            _write(f"\r{'':{self._drawn}}\r")
            self._drawn = 0

    def __exit__(self, *_: object) -> None:
        self.erase()
