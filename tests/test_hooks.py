"""Hooks for other libraries: never in the way of NumPy, each on its own, silent unless it fails.

tests/interop tests each with its library.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import output

from gelu_simd import _hooks

HEAD = """
import sys, types, warnings
import numpy as np
from gelu_simd import gelu, _hooks

def works():
    assert gelu((0.0, 1.0))[1] == gelu(np.array([0.0, 1.0]))[1] == gelu(1.0)
"""
STRANGER = """
def stranger(name):
    parts = name.split(".")
    for k in range(1, len(parts) + 1):
        sys.modules[".".join(parts[:k])] = types.ModuleType(".".join(parts[:k]))
"""


def test_each_hook_has_its_file() -> None:
    files = {path.stem for path in Path(_hooks.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(_hooks.HOOKS.values()) <= files


def test_no_library_is_imported() -> None:
    code = f"""{HEAD}
works()
roots = {{name.partition(".")[0] for name in _hooks.HOOKS}}
print(*roots & set(sys.modules), *_hooks._attached)
"""
    assert output(code).split() == []


@pytest.mark.parametrize("module", _hooks.HOOKS)
def test_an_unknown_release_costs_its_hook_alone(module: str) -> None:
    """One warning that names the library; the functions work on."""
    code = f"""{HEAD}{STRANGER}
stranger({module!r})
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    works()
    works()
print(len(caught), caught[0].category.__name__, caught[0].message)
print(*_hooks._attached)
"""
    text, attached = output(code).splitlines()
    library = module.partition(".")[0]
    assert text.startswith(f"1 RuntimeWarning gelu_simd does not know this release of {library}, ")
    assert "ImportError" in text or "ModuleNotFoundError" in text
    assert attached == _hooks.HOOKS[module]


def test_a_library_that_calls_while_it_is_imported(tmp_path: Path) -> None:
    """Its hook waits until the import is over."""
    (tmp_path / "pint.py").write_text("from gelu_simd import gelu\nassert gelu((0.0,))[0] == 0\n")
    code = f"""{HEAD}
sys.path.insert(0, {str(tmp_path)!r})
import pint
assert not _hooks._attached
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    works()
print(len(caught), *_hooks._attached)
"""
    assert output(code).split() == ["1", "pint"]


def test_threads_attach_once() -> None:
    """A call that comes while another thread attaches a hook waits for it."""
    code = f"""{HEAD}{STRANGER}
import threading, time
hook = types.ModuleType("gelu_simd._hooks.pint")
calls, done = [], []
def attach():
    calls.append(1)
    time.sleep(0.3)
    done.append(1)
hook.attach = attach
sys.modules[hook.__name__] = hook
stranger("pint")
early = []
def call():
    gelu((1.0,))
    early.append(not done)
threads = [threading.Thread(target=call) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(calls), any(early))
"""
    assert output(code).split() == ["1", "False"]


def test_threads_that_add_hooks_while_others_call() -> None:
    """Where there is no GIL, a list of hooks that is replaced could be freed while it is read."""
    code = f"""{HEAD}
import threading
from gelu_simd import _ufuncs
stop = threading.Event()
failed = []

def call():
    while not stop.is_set():
        works()

def add(k):
    for i in range(100):
        kind, name = type("Other", (), {{}}), f"gelu_simd_other_{{k}}_{{i}}"
        sys.modules[name] = types.ModuleType(name)
        _ufuncs.add_hook(name, lambda: _ufuncs.add_handler(kind, lambda ufunc, x: 7) or True)
        if gelu(kind()) != 7:
            failed.append(name)

callers = [threading.Thread(target=call) for _ in range(3)]
adders = [threading.Thread(target=add, args=(k,)) for k in range(3)]
[thread.start() for thread in callers + adders]
[thread.join() for thread in adders]
stop.set()
[thread.join() for thread in callers]
print(failed)
"""
    assert output(code).split() == ["[]"]
