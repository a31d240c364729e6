"""The stubs: type checkers find the types that the values have, and refuse what fails."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import runpy
import subprocess
import sys
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._types import NARROW_FLOATS, NARROW_INTEGERS, installed

CODE = Path(__file__).parent
ACCEPTED = CODE / "accepted.py"
REFUSED = CODE / "refused.py"

# Modules typed where they stand: there is no stub to compare them with.
PRIVATE = r"gelu_simd\._[a-z]\w*(\..*)?"


def run(tool: str, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a type checker of this interpreter; skip the test if it is not installed."""
    if importlib.util.find_spec(tool.partition(".")[0]) is None:
        pytest.skip(f"needs {tool.partition('.')[0]}")
    return subprocess.run(
        [sys.executable, "-m", tool, *args], cwd=cwd, capture_output=True, text=True, check=False
    )


def mypy(path: Path, cwd: Path) -> set[tuple[int, str]]:
    """Return lines and messages of what mypy refuses."""
    done = run("mypy", "--strict", "--hide-error-context", "--config-file=", str(path), cwd=cwd)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    errors = re.findall(r"^.*?\.py:(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    assert bool(errors) == done.returncode, done.stdout + done.stderr
    return {(int(line), message) for line, message in errors}


def pyright(path: Path, cwd: Path) -> set[tuple[int, str]]:
    """Return lines and messages of what pyright refuses."""
    done = run("pyright", "--outputjson", "--pythonpath", sys.executable, str(path), cwd=cwd)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 1
    found = report["generalDiagnostics"]
    return {(item["range"]["start"]["line"] + 1, item["message"]) for item in found}


checkers = pytest.mark.parametrize("check", [mypy, pyright])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where there is no configuration, and the type checkers keep what they know of NumPy."""
    return tmp_path_factory.mktemp("typing")


@checkers
def test_accepted(check: Any, folder: Path) -> None:
    assert check(ACCEPTED, folder) == set()


@pytest.fixture(scope="module")
def attribute_errors(folder: Path) -> Callable[[Any], dict[str, list[str]]]:
    """What a type checker says of each function whose attributes the stub has wrong, or lacks."""
    rows = []
    for ufunc, row in _ufuncs.records.items():
        place = f"{row.tier.module}.{row.public}"
        for attribute in ("nin", "nout", "nargs", "ntypes"):
            value = getattr(ufunc, attribute)
            rows.append((row.name, f"assert_type({place}.{attribute}, Literal[{value}])"))
    head = ["from typing import Literal, assert_type", "import gelu_simd", "import gelu_simd.cr"]
    path = folder / "attributes.py"
    path.write_text("\n".join([*head, *(line for _, line in rows)]) + "\n")

    @functools.cache
    def errors(check: Any) -> dict[str, list[str]]:
        messages: dict[str, list[str]] = {}
        for line, message in check(path, folder):
            messages.setdefault(rows[line - 1 - len(head)][0], []).append(message)
        return messages

    return errors


@checkers
@pytest.mark.parametrize("name", _ufuncs.ufuncs)
def test_function_has_the_types_of_its_shape(
    name: str, check: Any, attribute_errors: Callable[[Any], dict[str, list[str]]]
) -> None:
    assert name not in attribute_errors(check), attribute_errors(check)[name]


def calls_with_types_of_ml_dtypes() -> str:
    """Return a program that calls a function of each shape and tier with each type there is.

    ml_dtypes says of its types only that they are types of NumPy's.
    """
    lines = [
        "from typing import Any", "import ml_dtypes", "import numpy as np",
        "from numpy.typing import NDArray", "import gelu_simd", "import gelu_simd.cr",
        "y: NDArray[Any]", "z: NDArray[Any]",
        "y32: NDArray[np.float32]", "z32: NDArray[np.float32]",
        "wide = np.zeros(3, np.float32)",
    ]  # fmt: skip
    shapes = {(row.tier.module, u.nin, u.nout): u for u, row in _ufuncs.records.items()}
    for name in map(str, installed(("bfloat16", *NARROW_FLOATS, *NARROW_INTEGERS))):
        lines.append(f"x = np.zeros(3, ml_dtypes.{name})")
        integers = name in NARROW_INTEGERS
        for (module, nin, nout), ufunc in shapes.items():
            if integers and all("d" not in types for types in ufunc.types):
                continue  # they count as float64
            call = f"{module}.{ufunc.__name__}({', '.join(['x'] * nin)}"
            lines.append(f"{', '.join(['y', 'z'][:nout])} = {call})")
            lines.append(f"{', '.join(['y', 'z'][:nout])} = {call}, {', '.join(['x'] * nout)})")
            lines.append(
                f"{', '.join(['y32', 'z32'][:nout])} = {call}, {', '.join(['wide'] * nout)})"
            )
            if not integers:
                lines.append(f"{', '.join(['y', 'z'][:nout])} = {call}, dtype=ml_dtypes.{name})")
    return "\n".join(lines) + "\n"


@checkers
def test_types_of_ml_dtypes(check: Any, folder: Path) -> None:
    pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")
    path = folder / "types_of_ml_dtypes.py"
    path.write_text(calls_with_types_of_ml_dtypes())
    assert check(path, folder) == set()


def test_calls_with_types_of_ml_dtypes_run() -> None:
    pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")
    with np.errstate(all="ignore"):
        exec(calls_with_types_of_ml_dtypes(), {})


@checkers
def test_refused(check: Any, folder: Path) -> None:
    lines = REFUSED.read_text(encoding="utf-8").splitlines()
    wrong = {n for n, line in enumerate(lines, 1) if "lambda:" in line}
    found = check(REFUSED, folder)
    assert {line for line, _ in found} == wrong, sorted(found)


def assert_is(value: Any, expected: Any) -> None:
    """Assert that a value has the type that `typing.assert_type` is given."""
    alias = getattr(get_origin(expected), "__value__", None)  # of NDArray, since NumPy 2.5
    if alias is not None:
        expected = alias[get_args(expected)]
    kind = get_origin(expected)
    if kind in {np.ndarray, np.ma.MaskedArray}:
        shape, dtype = get_args(expected)
        assert isinstance(value, kind)
        assert get_args(dtype) in {(value.dtype.type,), (Any,)}
        sizes = get_args(shape)
        assert not sizes or ... in sizes or len(sizes) == value.ndim
    elif kind is Literal:
        assert value in get_args(expected)
    else:
        assert type(value) is (type(None) if expected is None else expected)


def test_values_have_the_types(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []

    def assert_type(value: Any, expected: Any) -> None:
        assert_is(value, expected)
        checked.append(value)

    monkeypatch.setattr(typing, "assert_type", assert_type)
    runpy.run_path(str(ACCEPTED))
    assert len(checked) == ACCEPTED.read_text(encoding="utf-8").count("    assert_type(")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, np.float64),
        (np.float64(1), np.float32),
        (np.ones(1), np.ndarray[Any, np.dtype[np.float32]]),
        (np.ones(1), np.ndarray[tuple[int, int], np.dtype[np.float64]]),
        (np.float64(1), np.ndarray[Any, np.dtype[np.float64]]),
        (2, Literal[1]),
        (0, None),
    ],
)
def test_wrong_types_are_found(value: Any, expected: Any) -> None:
    with pytest.raises(AssertionError):
        assert_is(value, expected)


REFUSED_CALLS: Sequence[Any] = runpy.run_path(str(REFUSED))["REFUSED"]


@pytest.mark.parametrize("call", REFUSED_CALLS, ids=range(len(REFUSED_CALLS)))
def test_refused_code_fails(call: Any) -> None:
    with pytest.raises((TypeError, ValueError, KeyError)):
        call()


def test_stubs_agree_with_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mypy's stubtest; errors inside private modules are none of its business."""
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    package = Path(gelu_simd.__file__).parent
    files = (path.relative_to(package.parent).with_suffix("") for path in package.rglob("*.py"))
    modules = [".".join(file.parts) for file in files if file.parts[1].startswith("_")]
    modules.remove("gelu_simd.__init__")
    config, allowed = tmp_path / "mypy.ini", tmp_path / "allowed"
    config.write_text(
        f"[mypy]\n[mypy-{','.join(modules)}]\nignore_errors = true\n"
        "[mypy-gelu_simd._ufuncs,threadpoolctl]\nignore_missing_imports = true\n"
    )
    # Modules that import a library of the same name.
    libraries = ("cupy", "threadpoolctl", "torch", "jax", "onnx", "thinc", "keras")
    others = [name for name in libraries if importlib.util.find_spec(name) is None]
    if "threadpoolctl" not in others:
        others.append("threadpoolctl.Controller")  # a subclass of a class without types
    allowed.write_text("\n".join([PRIVATE, *(rf"gelu_simd\.{name}" for name in others)]))
    done = run(
        "mypy.stubtest", "gelu_simd", f"--mypy-config-file={config}", f"--allowlist={allowed}",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
