"""The time that some calls take in a program."""

import time
from collections.abc import Callable
from typing import Any


class Stopwatch:
    """Add up the time that a function takes."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: object) -> Any:
            start = time.perf_counter()
            result = function(*args)
            self.seconds += time.perf_counter() - start
            return result

        return timed
