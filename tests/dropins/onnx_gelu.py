"""ONNX's Gelu on gelu_simd: `ReferenceEvaluator(model, new_ops=[Gelu])`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from onnx.reference.op_run import OpRun

import gelu_simd


class Gelu(OpRun):
    """The operator Gelu of ONNX's own domain, since opset 20."""

    op_domain = ""
    functions: ClassVar = {"none": gelu_simd.gelu, "tanh": gelu_simd.gelu_tanh}

    def _run(self, x: np.ndarray, approximate: str) -> tuple[np.ndarray]:
        return (np.asarray(self.functions[approximate](x)),)
