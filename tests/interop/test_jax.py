"""gelu_simd.jax: gelu in the place of JAX's.  The tests are in checks_of_jax.py."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest


def test_in_a_process_of_its_own() -> None:
    """JAX has threads, of which every later fork warns."""
    if find_spec("jax") is None:
        pytest.skip("needs jax")
    checks = Path(__file__).with_name("checks_of_jax.py")
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(checks)],
        cwd=Path(__file__).parent, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
