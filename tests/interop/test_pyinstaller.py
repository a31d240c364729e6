"""PyInstaller: a frozen program has what it needs, and no library that it does not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gelu_simd

pytest.importorskip("PyInstaller", reason="needs pyinstaller")
pytest.importorskip("autograd", reason="needs autograd")

PROGRAM = """
from importlib.util import find_spec
from pathlib import Path
import sys
import autograd
import numpy as np
import gelu_simd
print(gelu_simd.gelu(np.ones(3, "f4")).dtype, autograd.grad(gelu_simd.gelu)(0.0))
print(find_spec("gelu_simd.cupy") is not None, find_spec("scipy"), find_spec("pint"))
print(*sorted(p.name for p in (Path(gelu_simd.__file__).parent / "csrc").rglob("*") if p.is_file()))
"""


def test_frozen_program(tmp_path: Path) -> None:
    sources = Path(gelu_simd.__file__).parent / "csrc"
    if not sources.is_dir():
        pytest.skip("the sources are not within the package here: it is installed for development")
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=WARN", "program.py"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    program = tmp_path / "dist" / "program" / "program"
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    names = sorted(path.name for path in sources.rglob("*") if path.is_file())
    assert done.stdout.splitlines() == ["float32 0.5", "True None None", " ".join(names)]
