"""OpenVINO."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gelu_simd._compare.peers.ways import Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind

if TYPE_CHECKING:
    import openvino

KINDS = {Kind.VALUE, Kind.BIAS, Kind.GATED}

#: The types in which OpenVINO's operations have results of their own: float64 is float32's.
TYPES = (np.float32, np.float16)


def compiled(function: str, dtype: np.dtype, n: int, threads: int | None) -> openvino.CompiledModel:
    """Return `function` of `n` elements for the CPU, with the steps in float32.

    By default OpenVINO takes the steps in bfloat16 where the CPU has it.  A length of its own
    makes the model faster.
    """
    import openvino as ov  # noqa: PLC0415
    from openvino import opset13 as ops  # noqa: PLC0415

    forms = {
        "exact": partial(ops.gelu, approximation_mode="ERF"),
        "tanh": partial(ops.gelu, approximation_mode="TANH"),
        "quick": lambda x: ops.swish(x, ops.constant(1.702, dtype)),
    }
    row = FUNCTIONS[function]
    form = forms[row.form]
    kinds = {
        Kind.VALUE: form,
        Kind.BIAS: lambda x, bias: form(ops.add(x, bias)),
        Kind.GATED: lambda gate, up: ops.multiply(form(gate), up),
    }
    operands = [ops.parameter([n], dtype, name) for name in row.operands]
    model = ov.Model([kinds[row.kind](*operands)], operands)
    options: dict[str, object] = {"INFERENCE_PRECISION_HINT": "f32"}
    if threads is not None:
        # Without streams the thread that calls computes; a stream is a thread that must wake first.
        options |= {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 0}
    return ov.Core().compile_model(model, "CPU", options)


def load(threads: int | None) -> Ways:
    """OpenVINO's CPU plugin; a call is `infer` of a request whose inputs and output are bound."""
    import openvino as ov  # noqa: PLC0415

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        if FUNCTIONS[function].kind not in KINDS or a.x.dtype not in TYPES:
            return {}
        model = compiled(function, a.x.dtype, a.x.size, threads)
        request = model.create_infer_request()
        for index, x in enumerate(a.inputs(function)):
            request.set_input_tensor(index, ov.Tensor(x, shared_memory=True))
        request.set_output_tensor(0, ov.Tensor(a.out, shared_memory=True))
        return {"out": Way(partial(request.infer, share_outputs=True), lambda _: a.out)}

    return ways
