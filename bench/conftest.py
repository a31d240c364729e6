"""Options of the benchmarks, their fixtures, and the table of ns per element after them."""

import itertools
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest
from formulas import erf
from inputs import SIZES, reuse_freed_memory
from pytest_benchmark.fixture import BenchmarkFixture

import gelu_simd
from gelu_simd._verify import using

# Rounds of at least 0.1 ms for 0.2 s, and at least three: all in about three minutes.
OPTIONS = {
    "--benchmark-min-time": 1e-4,
    "--benchmark-max-time": 0.2,
    "--benchmark-min-rounds": 3,
    "--benchmark-disable-gc": True,
    "--benchmark-columns": ["min", "median", "rounds", "iterations"],
}

LEVELS = gelu_simd.cpu_info()["available"]

Results = dict[tuple[str, str, str, str], float]  # (function, dtype, row, size): ns per element
RESULTS = pytest.StashKey[Results]()


def pytest_configure(config: pytest.Config) -> None:
    """Set the options that are not on the command line."""
    reuse_freed_memory()
    config.stash[RESULTS] = {}
    for option, value in OPTIONS.items():
        if not any(given.startswith(option) for given in config.invocation_params.args):
            setattr(config.option, option.removeprefix("--").replace("-", "_"), value)


def pytest_report_header() -> str:
    """Name what is compared."""
    scipy = "is not installed, so the formulas with erf are left out" if erf is None else "is there"
    return f"bench: NumPy {np.__version__}, levels {', '.join(LEVELS)}; SciPy {scipy}"


@pytest.fixture
def level(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test on one level."""
    with using(request.param):
        yield request.param


@pytest.fixture
def measure(benchmark: BenchmarkFixture, pytestconfig: pytest.Config) -> Callable[..., None]:
    """Time `call(*args)` as one row of what is compared for a function, dtype and size."""

    def run(function: str, dtype: str, row: str, size: str, call: Callable, *args: object) -> None:
        benchmark.group = f"{function} {dtype} {size}"
        call(*args)  # a cold first call would spoil the choice of the number of iterations
        benchmark(call, *args)
        if benchmark.stats is not None:  # None under --benchmark-disable
            ns = 1e9 * benchmark.stats.stats.min / SIZES[size]
            benchmark.extra_info["ns_per_element"] = ns
            pytestconfig.stash[RESULTS][function, dtype, row, size] = ns

    return run


@pytest.hookimpl(trylast=True)  # after the tables of pytest-benchmark
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print one table for each dtype."""
    results = config.stash[RESULTS]
    for dtype in dict.fromkeys(dtype for _, dtype, _, _ in results):
        terminalreporter.section(f"{dtype}: ns per element (minimum), and ratios")
        terminalreporter.line(line("", SIZES))
        for function in dict.fromkeys(function for function, *_ in results):
            for text in table(results, function, dtype):
                terminalreporter.line(text)


def table(results: Results, function: str, dtype: str) -> Iterator[str]:
    """Yield the times of a function on each level and by other means, then their ratios."""
    rows = dict.fromkeys(row for f, d, row, _ in results if (f, d) == (function, dtype))
    levels = [row for row in rows if row in LEVELS]
    others = [row for row in rows if row not in LEVELS]
    ns = {
        row: np.array([results.get((function, dtype, row, size), np.nan) for size in SIZES])
        for row in rows
    }
    yield function
    for row in levels + others:
        yield line(row, (f"{time:.3f}" for time in ns[row]))
    for other, level in itertools.product(others, levels):
        yield line(f"{other} / {level}", (f"{ratio:.1f} x" for ratio in ns[other] / ns[level]))


def line(label: str, cells: Iterable[str]) -> str:
    """Align a label and its cells; what was not measured, nan, shows as a dash."""
    return f"  {label:34}" + "".join(f"{'-' if 'nan' in cell else cell:>11}" for cell in cells)
