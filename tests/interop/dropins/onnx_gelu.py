"""ONNX's Gelu on gelu_simd: `ReferenceEvaluator(model, new_ops=[Gelu])`."""

from __future__ import annotations

import numpy as np
from onnx.reference.op_run import OpRun

import gelu_simd

FORMS = {"none": gelu_simd.gelu, "tanh": gelu_simd.gelu_tanh}


class Gelu(OpRun):
    """The operator Gelu of ONNX's own domain, since opset 20."""

    op_domain = ""

    def _run(self, x: np.ndarray, approximate: str) -> tuple[np.ndarray]:
        return (np.asarray(FORMS[approximate](x)),)
