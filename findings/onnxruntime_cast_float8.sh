#!/usr/bin/env bash
# ONNX Runtime 1.32.0, CPU: Cast to float8_e5m2 gives NaN for 62000 and infinity for 65536.
#
# One would expect:  with saturate=0 infinity for all that rounds above 57344, the largest number, as
#                    ONNX's table of this operator says and its reference evaluator does.
# What happens:      from 61440, where rounding goes up, to the next power of two the result is NaN; from
#                    there on it is infinity.  float8_e4m3fn has such a gap the other way: NaN for 470
#                    and 500, yet 448 between 480 and 496.  saturate=1, the default, is right.
# Why it matters:    a little overflow looks like an invalid operation and a large one like an overflow,
#                    so a search for the first NaN leads to the wrong layer.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages onnxruntime==1.32.0 onnx==1.23.2 ml_dtypes==0.6.0 numpy==2.4.6
program <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)

def model(kind, saturate):
    """Return a model that converts float32 to float8 and back."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in "xy")
    there = helper.make_node("Cast", ["x"], ["z"], to=kind, saturate=saturate)
    back = helper.make_node("Cast", ["z"], ["y"], to=TensorProto.FLOAT)
    graph = helper.make_graph([there, back], "cast", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)

def runtime(kind, numbers, saturate=0):
    options = {"providers": ["CPUExecutionProvider"]}
    session = onnxruntime.InferenceSession(model(kind, saturate).SerializeToString(), **options)
    return session.run(None, {"x": np.array(numbers, np.float32)})[0]

def reference(kind, numbers):
    return ReferenceEvaluator(model(kind, 0)).run(None, {"x": np.array(numbers, np.float32)})[0]

e5m2, e4m3fn = TensorProto.FLOAT8E5M2, TensorProto.FLOAT8E4M3FN
numbers = [57344, 61439, 62000, 65535, 65536, 1e6]
print("float8_e5m2 of", numbers, "is", runtime(e5m2, numbers))
print("    by the reference", reference(e5m2, numbers))
inf, nan = np.inf, np.nan
assert np.array_equal(runtime(e5m2, numbers), [57344, 57344, nan, nan, inf, inf], equal_nan=True)
assert np.array_equal(reference(e5m2, numbers), [57344, 57344, inf, inf, inf, inf])
assert (runtime(e5m2, numbers, saturate=1) == 57344).all()
numbers = [448, 470, 481, 495, 500, 1e6]
print("float8_e4m3fn of", numbers, "is", runtime(e4m3fn, numbers))
print("    by the reference", reference(e4m3fn, numbers))
assert np.array_equal(runtime(e4m3fn, numbers), [448, nan, 448, 448, nan, nan], equal_nan=True)
assert np.isnan(reference(e4m3fn, numbers)[1:]).all()
PYTHON
