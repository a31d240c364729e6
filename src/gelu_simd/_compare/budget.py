"""The seconds of a run: how many are left, and what they went to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """So many seconds from now on."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.spent: dict[str, float] = {}
        self._start = time.perf_counter()

    @property
    def used(self) -> float:
        """Return the seconds that have gone by."""
        return time.perf_counter() - self._start

    @property
    def left(self) -> float:
        """Return the seconds that are left, fewer than none if they were too few."""
        return self.seconds - self.used

    @contextmanager
    def spending(self, what: str) -> Iterator[None]:
        """Book the time of the ``with`` block."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.spent[what] = self.spent.get(what, 0.0) + time.perf_counter() - start
