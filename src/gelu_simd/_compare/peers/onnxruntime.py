"""onnxruntime."""

from __future__ import annotations

import functools
from functools import partial

import numpy as np

from gelu_simd._compare.peers.ways import APPROXIMATE, Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind


def load(threads: int | None) -> Ways:
    """ONNX's node Gelu in onnxruntime, inputs and output bound."""
    import onnx  # noqa: PLC0415
    import onnxruntime as ort  # noqa: PLC0415

    not_implemented = ort.capi.onnxruntime_pybind11_state.NotImplemented
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads

    @functools.cache
    def session(function: str, dtype: np.dtype) -> ort.InferenceSession:
        x, y = (
            onnx.helper.make_tensor_value_info(
                name, onnx.helper.np_dtype_to_tensor_dtype(dtype), ["n"]
            )
            for name in "xy"
        )
        form = APPROXIMATE[FUNCTIONS[function].form]
        node = onnx.helper.make_node("Gelu", ["x"], ["y"], approximate=form)
        graph = onnx.helper.make_graph([node], "gelu", [x], [y])
        opset = onnx.helper.make_opsetid("", 20)  # the first with Gelu
        model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)
        return ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        row = FUNCTIONS[function]
        if a.x.dtype.isbuiltin != 1 or row.kind is not Kind.VALUE or row.form not in APPROXIMATE:
            return {}
        try:
            run = session(function, a.x.dtype)
        except not_implemented:
            return {}
        binding = run.io_binding()
        binding.bind_ortvalue_input("x", ort.OrtValue.ortvalue_from_numpy(a.x))
        binding.bind_ortvalue_output("y", ort.OrtValue.ortvalue_from_numpy(a.out))
        return {"out": Way(partial(run.run_with_iobinding, binding), lambda _: a.out)}

    return ways
