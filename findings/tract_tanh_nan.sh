#!/usr/bin/env bash
# tract 0.23.9: Tanh of NaN is -0.9999994, Sigmoid of NaN 0.0000004; Gelu(-1000) is not 0 in the tanh form.
#
# One would expect:  NaN, as Exp and Erf give; and -0 for Gelu(-1000), approximate="tanh".
# What happens:      the results are those of the lowest argument, as if NaN were clamped to a range.  At the
#                    ends tanh is 0.9999994 and not 1, so Gelu of a large negative number is 3e-7 times the
#                    number: -0.0003 at -1000.  float16 has the NaN too; float64 has neither.
# Why it matters:    a network that has gone wrong answers with plausible numbers, where a NaN would show it.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages tract==0.23.9 onnx==1.23.2 numpy==2.4.6
program <<'PYTHON'
import numpy as np
import onnx
import tract
from onnx import helper

def computed(operator, numbers, **attributes):
    """Return the ONNX operator of these numbers."""
    kind = helper.np_dtype_to_tensor_dtype(numbers.dtype)
    x, y = (helper.make_tensor_value_info(name, kind, numbers.shape) for name in "xy")
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    opset = helper.make_opsetid("", 20)
    model = helper.make_model(helper.make_graph([node], "graph", [x], [y]), opset_imports=[opset], ir_version=10)
    onnx.save(model, "model.onnx")
    return tract.onnx().load("model.onnx").into_model().into_runnable().run([numbers])[0].to_numpy()

numbers = np.array([np.nan, np.inf, -1000, 0.5], np.float32)
tanh, sigmoid = computed("Tanh", numbers), computed("Sigmoid", numbers)
gelu = computed("Gelu", numbers, approximate="tanh")
print("Tanh:", tanh, "Sigmoid:", sigmoid, "Gelu:", gelu)
assert -1 < tanh[0] < -0.999999 and 0 < sigmoid[0] < 1e-6 and tanh[1] < 1
assert -4e-4 < gelu[2] < -2e-4
assert computed("Tanh", numbers.astype(np.float16))[0] == -1
for result in (computed("Exp", numbers), computed("Erf", numbers), computed("Tanh", numbers.astype(float))):
    print("Exp, Erf, Tanh of float64:", result)
    assert np.isnan(result[0])
PYTHON
