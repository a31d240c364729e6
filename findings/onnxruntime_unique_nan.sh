#!/usr/bin/env bash
# ONNX Runtime 1.32.0, CPU: Unique of [NaN, 1, 2] is [NaN], counted three times; 1 and 2 are lost.
#
# One would expect:  [1, 2, NaN], as the reference implementation in the package onnx gives.
# What happens:      NaN is taken for the same as a number that the search meets: behind 1 it counts as
#                    1, and where it comes first every number counts as NaN.  The indices say so too.
# Why it matters:    the input is to come back from the unique numbers and the indices; it comes back as
#                    three NaN, or without its NaN, by the order of the numbers.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
program <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator

def unique(x):
    """Return the unique numbers, the inverse indices and the counts, and the numbers by the reference."""
    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    node = helper.make_node("Unique", ["x"], ["unique", "", "inverse", "counts"])
    outputs = [helper.make_tensor_value_info(name, number, None) for name, number in
               (("unique", kind), ("inverse", onnx.TensorProto.INT64), ("counts", onnx.TensorProto.INT64))]
    graph = helper.make_graph([node], "graph", [helper.make_tensor_value_info("x", kind, x.shape)], outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return *session.run(None, {"x": x}), ReferenceEvaluator(model).run(None, {"x": x})[0]

nan = np.nan
cases = (([nan, 1, 2], [nan], [3], [nan] * 3), ([1, nan, 2], [1, 2], [2, 1], [1, 1, 2]),
         ([2, 1, 2], [1, 2], [1, 2], [2, 1, 2]))
for kind in (np.float16, np.float32, np.float64):
    for numbers, expected, expected_counts, expected_input in cases:
        x = np.array(numbers, kind)
        found, inverse, counts, reference = unique(x)
        print(f"{x.dtype} {x}: {found}, counts {counts}, back again {found[inverse]}; reference {reference}")
        assert np.array_equal(found, expected, equal_nan=True) and (counts == expected_counts).all()
        assert np.array_equal(found[inverse], expected_input, equal_nan=True)
        assert np.array_equal(reference, np.unique(x), equal_nan=True)
PYTHON
