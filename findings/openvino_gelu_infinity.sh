#!/usr/bin/env bash
# OpenVINO 2026.4.1, CPU: gelu of infinity is NaN in a float32 model and 3.4e38 in a float64 model.
#
# One would expect:  infinity in both, and -0 or a tiny number for -infinity.
# What happens:      ONNX's exact Gelu gives NaN at infinity, and infinity at the finite 3.4e38.  With
#                    float64 inputs and outputs the plugin computes in float32 and clamps on the way
#                    in: infinity becomes 3.4028e38, and so is the result; -infinity gives -0.  A
#                    number is no better for it: gelu(-6) is -0, the true value -5.9e-9.
# Why it matters:    one graph gives three answers at infinity, by type and form, so a comparison of
#                    runtimes on edge values tells the conversion's doings, not the kernel's.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages openvino==2026.4.1 onnx==1.23.2 numpy==2.4.6
program <<'PYTHON'
import numpy as np
import openvino
from onnx import TensorProto, helper

def gelu(dtype, x, approximate):
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    x_info, y_info = (helper.make_tensor_value_info(name, kind, [None]) for name in "xy")
    node = helper.make_node("Gelu", ["x"], ["y"], approximate=approximate)
    graph = helper.make_graph([node], "gelu", [x_info], [y_info])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    core = openvino.Core()
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(model.SerializeToString(), b""), "CPU", options)
    return compiled([np.array(x, dtype)])[0]

single, double = (gelu(t, [np.inf, -np.inf, 3.4e38], "none") for t in ("f4", "f8"))
print("float32:", single, " float64:", double)
assert np.isnan(single[0]) and np.isnan(single[1]) and single[2] == np.inf
assert double[0] == np.finfo(np.float32).max and double[1] == 0
assert gelu("f4", [np.inf], "tanh")[0] == np.inf and np.isfinite(gelu("f8", [np.inf], "tanh")[0])
assert gelu("f8", [-6.0], "none")[0] == 0, "gelu(-6) is -5.9e-9"
PYTHON
