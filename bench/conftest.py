"""Options of the benchmarks, and the tables after them."""

from typing import Any

import pytest

from gelu_simd._compare import peers, tables, timing
from gelu_simd._compare import report as reporting

# Rounds of at least 0.1 ms for 0.05 s, and at least three.
OPTIONS = {
    "--benchmark-min-time": 1e-4,
    "--benchmark-max-time": 0.05,
    "--benchmark-min-rounds": 3,
    "--benchmark-disable-gc": True,
    "--benchmark-columns": ["min", "median", "rounds", "iterations"],
}

ROWS = pytest.StashKey[list[dict[str, Any]]]()
ENTRIES = pytest.StashKey[dict[str, peers.Entry]]()
ABSENT = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Set the options that are not on the command line."""
    timing.reuse_freed_memory()
    config.stash[ROWS] = []
    config.stash[ENTRIES] = {entry.name: entry for entry in peers.our_levels(threads=1)}
    config.stash[ABSENT] = {}
    for option, value in OPTIONS.items():
        if not any(argument.startswith(option) for argument in config.invocation_params.args):
            setattr(config.option, option.removeprefix("--").replace("-", "_"), value)


@pytest.fixture
def entry(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> peers.Entry:
    """Give a level, or a peer on one thread, imported when it is first asked for."""
    entries, absent = (pytestconfig.stash[key] for key in (ENTRIES, ABSENT))
    name = request.param
    if name not in entries and name not in absent:
        loaded, reasons = peers.load([name], threads=1)
        entries.update({entry.name: entry for entry in loaded})
        absent.update(reasons)
    if name in absent:
        pytest.skip(f"{name}: {absent[name]}")
    return entries[name]


@pytest.hookimpl(trylast=True)  # after the tables of pytest-benchmark
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the tables of the command `bench`."""
    rows = config.stash[ROWS]
    if not rows:
        return
    terminalreporter.section("ns per element (minimum), and ratios")
    whole = reporting.facts(config.stash[ENTRIES].values(), threads=1)
    for key in dict.fromkeys((row["function"], row["dtype"]) for row in rows):
        group = [row for row in rows if (row["function"], row["dtype"]) == key]
        for line in tables.table(whole, group, errs=[]):
            terminalreporter.line(line)
