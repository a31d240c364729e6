"""Which level is chosen, by the CPU or by GELU_SIMD_ISA."""

from __future__ import annotations

import json
import platform
import re
from pathlib import Path

import pytest
from helpers import INFO, fresh, output

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._levels import using

CPUINFO = Path("/proc/cpuinfo")

# What Linux calls the features that a level needs.
FEATURES = {
    "portable": set(),
    "avx2": {"avx2", "fma", "f16c"},
    "avx512": {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl"},
}

x86_linux = pytest.mark.skipif(
    platform.machine() != "x86_64" or not CPUINFO.exists(), reason="needs Linux on x86-64"
)


def import_error(isa: str) -> str:
    """Return the message, one line, of the ImportError that a level gives."""
    done = fresh("import gelu_simd", isa)
    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: ")
    return last


# ---- GELU_SIMD_ISA ----


WHICH = "import gelu_simd; print(gelu_simd.cpu_info()['isa'], gelu_simd.gelu(1.0))"


@pytest.mark.parametrize("level", INFO["available"])
def test_available_level(level: str) -> None:
    used, value = output(WHICH, level).split()
    assert used == level
    assert float(value) == pytest.approx(0.8413447460685429)


@pytest.mark.parametrize("unset", [None, ""])
def test_best_level_unless_told(unset: str | None) -> None:
    assert output(WHICH, unset).split()[0] == INFO["available"][0]


@pytest.mark.parametrize("unknown", ["sse9", "AVX2", " portable", "portable,avx2", "0"])
def test_unknown_level(unknown: str) -> None:
    message = import_error(unknown)
    assert f"GELU_SIMD_ISA={unknown}: there is no level {unknown!r}" in message
    assert message.endswith(f"possible: {', '.join(INFO['available'])}")


def test_level_this_cpu_cannot_run() -> None:
    impossible = [level for level in INFO["built"] if level not in INFO["available"]]
    if not impossible:
        pytest.skip("this CPU runs every level of this build")
    for level in impossible:
        message = import_error(level)
        assert f"GELU_SIMD_ISA={level}: this CPU cannot run level {level!r}" in message
        assert message.endswith(f"possible: {', '.join(INFO['available'])}")


def test_import_after_a_failed_one() -> None:
    code = """
import os
try:
    import gelu_simd
except ImportError:
    os.environ["GELU_SIMD_ISA"] = "portable"
import gelu_simd
print(gelu_simd.cpu_info()["isa"])
"""
    assert output(code, "sse9").split() == ["portable"]


# ---- cpu_info() and set_isa() ----


def test_cpu_info() -> None:
    info = gelu_simd.cpu_info()
    assert list(info) == ["isa", "available", "built", "cpu", "num_threads"]
    assert info["isa"] in info["available"]
    assert info["available"] == [level for level in info["built"] if level in info["available"]]
    assert info["available"][-1] == info["built"][-1] == "portable"
    assert len(set(info["built"])) == len(info["built"])
    assert json.loads(json.dumps(info)) == info
    info["available"].clear()
    assert gelu_simd.cpu_info()["available"]


@x86_linux
def test_available_levels_are_those_the_kernel_reports() -> None:
    """Linux drops the features whose registers it does not save."""
    flags = set(re.search(r"^flags\s*:(.*)$", CPUINFO.read_text(), re.MULTILINE)[1].split())
    assert INFO["built"] == ["avx512", "avx2", "portable"]
    assert INFO["available"] == [level for level in INFO["built"] if FEATURES[level] <= flags]


@x86_linux
def test_cpu_name_is_what_the_kernel_reports() -> None:
    name = re.search(r"^model name\s*:(.*)$", CPUINFO.read_text(), re.MULTILINE)[1]
    assert INFO["cpu"].split() == name.split()
    assert INFO["cpu"] == INFO["cpu"].strip()


def test_set_isa() -> None:
    former = INFO["isa"]
    with using(former):
        for level in INFO["available"]:
            assert _ufuncs.set_isa(level) == former
            assert gelu_simd.cpu_info()["isa"] == level
            assert gelu_simd.gelu(1.0) == pytest.approx(0.8413447460685429)
            former = level


@pytest.mark.parametrize("wrong", ["sse9", "", "AVX2", None, 2])
def test_set_isa_to_no_level(wrong: object) -> None:
    with pytest.raises(ValueError, match=f"there is no level {wrong!r}") as caught:
        _ufuncs.set_isa(wrong)
    assert str(caught.value).endswith(f"possible: {', '.join(INFO['available'])}")
    assert gelu_simd.cpu_info()["isa"] == INFO["isa"]
