"""A call's result type, or its error, does not depend on the calls before it.

NumPy keeps for ever what a promoter answers.  Each call below is made first in its own process.
Then it is made after each other call, and in random orders.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from helpers import output

import gelu_simd

PROGRAM = """
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize(("function", "step"), [("gelu", 1), ("gelu_backward", 7)])
def test_no_call_changes_a_later_one(function: str, step: int) -> None:
    # Threads would make fork unsafe; short calls start none.
    output(PROGRAM.replace("FUNCTIONS", repr([function])).replace("STEP", str(step)))


def test_a_partial_signature_is_no_request_for_another_type() -> None:
    """As np.hypot does, refuse a signature that contradicts what the operands are promoted to."""
    x = np.ones(3)
    for ufunc in (gelu_simd.gelu_backward, np.hypot):
        with pytest.raises(TypeError):
            ufunc(x, x, signature=(np.float32, None, None))
    assert gelu_simd.gelu_backward(x.astype("f4"), x).dtype == np.float64
    assert gelu_simd.gelu_backward(x, x, signature=(None, None, np.float32)).dtype == np.float32
