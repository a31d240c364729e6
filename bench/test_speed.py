"""Every ufunc on each level next to its peers: what `gelu-simd bench` times, by pytest-benchmark.

The ids read function-dtype-size-name, so that -k "float32 and 16Ki" takes a part.
"""

import numpy as np
import pytest
from conftest import ROWS
from pytest_benchmark.fixture import BenchmarkFixture

from gelu_simd import _ufuncs
from gelu_simd._compare import measure, peers, timing
from gelu_simd._compare import report as reporting
from gelu_simd._functions import FUNCTIONS

NAMES = [entry.name for entry in peers.our_levels(threads=1)] + list(peers.PEERS)
DTYPES = {dtype.name: dtype for dtype in _ufuncs.dtypes}
SIZES = ["1", "1Ki", "16Ki", "256Ki", "4Mi"]


@pytest.fixture(scope="module", params=DTYPES)
def most(request: pytest.FixtureRequest) -> peers.Arrays:
    """Return the arrays of the largest size; the smaller ones are parts of them."""
    return timing.arrays(DTYPES[request.param], max(map(reporting.size, SIZES)))


@pytest.mark.parametrize("entry", NAMES, indirect=True)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("function", _ufuncs.ufuncs)
@pytest.mark.filterwarnings("ignore")  # of overflow and the like, in peers
def test_speed(
    benchmark: BenchmarkFixture,
    pytestconfig: pytest.Config,
    function: str,
    most: peers.Arrays,
    size: str,
    entry: peers.Entry,
) -> None:
    """Time one call, into an output array where the peer can."""
    if most.x.dtype.name not in FUNCTIONS[function].types:
        pytest.skip(f"{function} has no such type")
    n = reporting.size(size)
    a = peers.Arrays(*(v[:n] for v in most))
    ways = entry.ways(function, a)
    if not ways:
        pytest.skip(f"{entry.title} has not all functions and types")
    dtype = a.x.dtype.name
    benchmark.group = f"{function} {dtype} {size}"
    with np.errstate(all="ignore"):
        if entry.kind == "peer":
            for way in ways.values():
                measure.check(entry.title, function, way, a)
        timings = timing.alternate(ways, seconds=0)
        key = min(timings, key=lambda key: timings[key].minimum)
        with ways[key].context():
            benchmark(ways[key].run)
    if benchmark.stats is not None:  # None under --benchmark-disable
        ns = {key: 1e9 * getattr(benchmark.stats.stats, key) / n for key in ("min", "median")}
        benchmark.extra_info["ns_per_element"] = ns["min"]
        row = {"function": function, "dtype": dtype, "n": n, "name": entry.name, "way": key}
        pytestconfig.stash[ROWS].append(row | {f"{k}_ns": value for k, value in ns.items()})
