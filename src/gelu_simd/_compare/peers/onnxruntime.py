"""onnxruntime."""

from __future__ import annotations

import functools
from functools import partial

import numpy as np

from gelu_simd._compare.peers.ways import APPROXIMATE, Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind

#: Nodes: domain, name, inputs, output, attributes; inputs are operands, the last node writes y.
Nodes = tuple[tuple[str, str, tuple[str, ...], str, dict[str, object]], ...]

MICROSOFT = "com.microsoft"
GELU, TANH = ({"approximate": APPROXIMATE[form]} for form in ("exact", "tanh"))

#: The graphs of a form and kind, by way.
GRAPHS: dict[tuple[str, Kind], dict[str, Nodes]] = {
    ("exact", Kind.VALUE): {"out": (("", "Gelu", ("x",), "y", GELU),)},
    ("tanh", Kind.VALUE): {
        "out": (("", "Gelu", ("x",), "y", TANH),),
        "out, FastGelu": ((MICROSOFT, "FastGelu", ("x",), "y", {}),),
    },
    ("quick", Kind.VALUE): {"out": ((MICROSOFT, "QuickGelu", ("x",), "y", {"alpha": 1.702}),)},
    ("exact", Kind.BIAS): {"out": ((MICROSOFT, "BiasGelu", ("x", "bias"), "y", {}),)},
    ("tanh", Kind.BIAS): {"out": ((MICROSOFT, "FastGelu", ("x", "bias"), "y", {}),)},
    ("exact", Kind.GATED): {
        "out": (("", "Gelu", ("gate",), "t", GELU), ("", "Mul", ("t", "up"), "y", {}))
    },
    ("tanh", Kind.GATED): {
        "out": (("", "Gelu", ("gate",), "t", TANH), ("", "Mul", ("t", "up"), "y", {}))
    },
}


def load(threads: int | None) -> Ways:
    """Nodes of ONNX and of onnxruntime's own domain; inputs and output are bound."""
    import onnx  # noqa: PLC0415
    import onnxruntime as ort  # noqa: PLC0415

    states = ort.capi.onnxruntime_pybind11_state
    absent = (states.NotImplemented, states.InvalidGraph)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads

    @functools.cache
    def session(function: str, way: str, dtype: np.dtype) -> ort.InferenceSession | None:
        """Return the session of a graph, None where onnxruntime lacks the type."""
        row = FUNCTIONS[function]
        number = onnx.helper.np_dtype_to_tensor_dtype(dtype)
        inputs = [onnx.helper.make_tensor_value_info(name, number, ["n"]) for name in row.operands]
        y = onnx.helper.make_tensor_value_info("y", number, ["n"])
        nodes = [
            onnx.helper.make_node(name, ins, [out], domain=domain, **attributes)
            for domain, name, ins, out, attributes in GRAPHS[row.place][way]
        ]
        graph = onnx.helper.make_graph(nodes, function, inputs, [y])
        opsets = [
            onnx.helper.make_opsetid("", 20),  # the first with Gelu
            onnx.helper.make_opsetid(MICROSOFT, 1),
        ]
        model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)
        try:
            return ort.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except absent:
            return None

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        row = FUNCTIONS[function]
        if a.x.dtype.isbuiltin != 1:
            return {}
        by_way = {}
        for way in GRAPHS.get(row.place, {}):
            run = session(function, way, a.x.dtype)
            if run is None:
                continue
            binding = run.io_binding()
            for name, x in zip(row.operands, a.inputs(function), strict=True):
                binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(x))
            binding.bind_ortvalue_output("y", ort.OrtValue.ortvalue_from_numpy(a.out))
            by_way[way] = Way(partial(run.run_with_iobinding, binding), lambda _: a.out)
        return by_way

    return ways
