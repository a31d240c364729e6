"""Options and fixtures: every test of the kernels runs on every level of the build."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from helpers import ALL_UFUNCS, ELEMENTARY, INFO, TYPES, dtype_of, name_of

from gelu_simd import _types
from gelu_simd._functions import FUNCTIONS
from gelu_simd._levels import using


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--exhaustive",
        action="store_true",
        help="also test all float32 inputs, and 1e8 float64 inputs, of each function",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "gpu: needs a GPU and CuPy, skipped without")
    config.addinivalue_line("markers", "exhaustive: takes minutes, runs only with --exhaustive")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    absent = [item for item in items if is_absent(item)]
    items[:] = [item for item in items if item not in absent]
    config.hook.pytest_deselected(items=absent)
    if config.getoption("--exhaustive"):
        return
    for item in items:
        if "exhaustive" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="runs only with --exhaustive"))


def is_absent(item: pytest.Item) -> bool:
    """Tell whether a test is of a function and one of the list's types that the function lacks."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    function = params.get("function", params.get("ufunc"))
    if isinstance(function, np.ufunc):
        function = name_of(function)
    dtype = str(params.get("dtype", params.get("name")))
    is_known = function in FUNCTIONS and dtype in TYPES
    return is_known and dtype not in FUNCTIONS[function].types


@pytest.fixture(params=INFO["built"])
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Use each level of this build during the test; skip those this CPU cannot run."""
    level = request.param
    if level not in INFO["available"]:
        pytest.skip(f"this CPU cannot run the level {level}")
    with using(level):
        yield level


@pytest.fixture(params=ELEMENTARY)
def function(request: pytest.FixtureRequest) -> str:
    """Return the name of each elementary function."""
    return request.param


@pytest.fixture(params=ALL_UFUNCS, ids=name_of)
def ufunc(request: pytest.FixtureRequest) -> np.ufunc:
    """Return each ufunc of every tier."""
    return request.param


@pytest.fixture(params=TYPES)
def dtype(request: pytest.FixtureRequest) -> np.dtype:
    """Return each type of the list."""
    return dtype_of(request.param)


@pytest.fixture(params=[name for name, row in _types.TYPES.items() if row.enumerable])
def half(request: pytest.FixtureRequest) -> np.dtype:
    """Return each type whose numbers are all checked."""
    return dtype_of(request.param)
