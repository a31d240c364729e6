"""A call's result, or its error, does not depend on what the process did before it.

NumPy keeps for ever what a promoter answers.  Each call below is made first in its own process.
Then it is made after each other call, in random orders, and after random calls and changes of the
process's state.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from helpers import output

import gelu_simd

COMMON = """
import itertools, os, pickle, random, sys, traceback
import numpy as np
import gelu_simd

TYPES = ["float16", "float32", "float64", "int8", "int64", "bool", "complex64"]
SIGNATURES = ["float16", "float32", "float64"]
if len(gelu_simd._ufuncs.dtypes) == 4:
    TYPES.append("bfloat16")
    SIGNATURES.append("bfloat16")

def operand(name):
    return {"int": 1, "float": 1.5}[name] if name in ("int", "float") else np.ones(2, name)

def in_a_child(work):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            with open(writer, "wb") as file:
                pickle.dump(work(), file)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(writer)
    with open(reader, "rb") as file:
        result = pickle.load(file)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return result
"""

PAIRS = """
def options(ufunc):
    yield {}
    for name in SIGNATURES:
        dtype = np.dtype(name)
        yield {"dtype": dtype}
        yield {"out": name}
        yield {"dtype": dtype, "casting": "unsafe"}
        for place in itertools.product([None, dtype], repeat=ufunc.nargs):
            if any(place):
                yield {"signature": place}
    yield {"signature": (np.dtype("f4"), np.dtype("f8"), np.dtype("f4"))[: ufunc.nargs]}

def calls(ufunc):
    kinds = [*TYPES, "int", "float"]
    if ufunc.nin > 1:
        kinds = [name for name in kinds if name not in ("int8", "bool")]
    for names in itertools.product(kinds, repeat=ufunc.nin):
        for kwargs in options(ufunc):
            yield names, kwargs

def outcome(ufunc, call):
    names, kwargs = call
    kwargs = dict(kwargs)
    if "out" in kwargs:
        kwargs["out"] = np.zeros(2, kwargs["out"])
    try:
        with np.errstate(all="ignore"):
            result = ufunc(*map(operand, names), **kwargs)
    except (TypeError, np.exceptions.ComplexWarning) as error:
        return type(error).__name__
    return np.asarray(result).dtype.name, np.asarray(result).tobytes()

def different(ufunc, first, order, table):
    for call in first:
        outcome(ufunc, call)
    return [(first, call) for call in order if outcome(ufunc, call) != table[str(call)]]

for name in FUNCTIONS:
    ufunc = getattr(gelu_simd, name)
    every = list(calls(ufunc))
    table = {str(call): in_a_child(lambda: outcome(ufunc, call)) for call in every}
    assert len(table) == len(every) and len(set(table.values())) > 5
    for call in every[::STEP]:
        wrong = in_a_child(lambda: different(ufunc, [call], every, table))
        assert wrong == [], wrong[:3]
    for seed in range(20):
        order = random.Random(seed).sample(every, len(every))
        wrong = in_a_child(lambda: different(ufunc, [], order, table))
        assert wrong == [], wrong[:3]
"""

RANDOM = """
import gc, locale, threading, warnings
from hypothesis import given, settings, strategies as st

TYPES += [">f8", "uint8", "longdouble", "object", "U3"]
NAMES = [*TYPES, "int", "float"]
UFUNCS = dict(gelu_simd._ufuncs.ufuncs)
REQUESTS = [*SIGNATURES, "longdouble", "complex64", "object"]
METHODS = ["__call__", "at", "outer", "reduce", "accumulate", "reduceat"]
CASTING = ["no", "safe", "same_kind", "unsafe"]

def trace(*event):
    return trace

STATES = {
    "buffer": lambda: np.setbufsize(16),
    "errors": lambda: np.seterr(all="raise"),
    "error callback": lambda: np.seterrcall(lambda *error: None),
    "one thread": lambda: gelu_simd.set_num_threads(1),
    "threads": lambda: gelu_simd.set_num_threads(3),
    "trace": lambda: sys.settrace(trace),
    "profile": lambda: sys.setprofile(trace),
    "garbage": lambda: gc.set_threshold(1, 1, 1),
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8"),
    "environment": os.environ.clear,
    "another library": lambda: np.hypot(np.ones(2, "f4"), 1, signature=(None, None, np.float32)),
    "modules": lambda: [sys.modules.pop(name) for name in list(sys.modules) if "gelu" in name],
}

@st.composite
def calls(draw):
    function = draw(st.sampled_from(list(UFUNCS)))
    ufunc = UFUNCS[function]
    names = [draw(st.sampled_from(NAMES)) for _ in range(ufunc.nin)]
    method = draw(st.sampled_from(METHODS if ufunc.nin == 2 else METHODS[:2]))
    names = names[:1] if method in METHODS[3:] else names
    kwargs = {}
    if method == "__call__":
        if draw(st.booleans()):
            kwargs["casting"] = draw(st.sampled_from(CASTING))
        if draw(st.booleans()):
            place = st.sampled_from([None, *REQUESTS])
            kwargs["signature"] = tuple(draw(place) for _ in range(ufunc.nargs))
    if method not in ("at", "reduceat") and "signature" not in kwargs and draw(st.booleans()):
        kwargs["dtype"] = draw(st.sampled_from(REQUESTS))
    if method == "__call__" and draw(st.booleans()):
        kwargs["out"] = draw(st.sampled_from(REQUESTS))
    return function, method, tuple(names), kwargs

def outcome(call):
    function, method, names, kwargs = call
    ufunc = UFUNCS[function]
    kwargs = dict(kwargs)
    args = [operand(name) for name in names]
    if method in ("at", "reduceat"):
        args.insert(1, [0])
    if "signature" in kwargs:
        kwargs["signature"] = tuple(name and np.dtype(name) for name in kwargs["signature"])
    if "out" in kwargs:
        kwargs["out"] = np.zeros(2, kwargs["out"])
    try:
        with np.errstate(all="ignore"):
            result = getattr(ufunc, method)(*args, **kwargs)
    except (TypeError, ValueError, IndexError, RuntimeError, Warning) as error:
        return type(error).__name__, str(error)
    result = np.asarray(args[0] if method == "at" else result)
    return result.dtype.str, result.dtype.name, str(result.tolist())

def outcomes(steps):
    warnings.simplefilter("ignore")
    results = []
    for step in steps:
        if isinstance(step, str):
            STATES[step]()
        else:
            results.append(outcome(step))
    return results

first = {}  # outcomes in fresh processes

@settings(derandomize=True, max_examples=EXAMPLES, database=None, deadline=None)
@given(st.lists(calls() | st.sampled_from(sorted(STATES)), min_size=2, max_size=12))
def check(steps):
    made = [step for step in steps if not isinstance(step, str)]
    for call in made:
        if repr(call) not in first:
            first[repr(call)] = in_a_child(lambda: outcomes([call])[0])
    assert in_a_child(lambda: outcomes(steps)) == [first[repr(call)] for call in made]

check()
assert len(first) > EXAMPLES / 2 and len({kind for kind, *_ in first.values()}) > 5
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize(("function", "step"), [("gelu", 1), ("gelu_backward", 7)])
def test_no_call_changes_a_later_one(function: str, step: int) -> None:
    # Threads would make fork unsafe; short calls start none.
    code = PAIRS.replace("FUNCTIONS", repr([function])).replace("STEP", str(step))
    assert output(COMMON + code) == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("examples", [500, pytest.param(5000, marks=pytest.mark.exhaustive)])
def test_no_state_changes_a_call(examples: int) -> None:
    assert output(COMMON + RANDOM.replace("EXAMPLES", str(examples))) == ""


def test_a_partial_signature_is_no_request_for_another_type() -> None:
    """As np.hypot does, refuse a signature that contradicts what the operands are promoted to."""
    x = np.ones(3)
    for ufunc in (gelu_simd.gelu_backward, np.hypot):
        with pytest.raises(TypeError):
            ufunc(x, x, signature=(np.float32, None, None))
    assert gelu_simd.gelu_backward(x.astype("f4"), x).dtype == np.float64
    assert gelu_simd.gelu_backward(x, x, signature=(None, None, np.float32)).dtype == np.float32
