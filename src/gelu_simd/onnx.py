"""GELU operators for ONNX's reference evaluator.

>>> from onnx.reference import ReferenceEvaluator  # doctest: +SKIP
>>> from gelu_simd.onnx import OPERATORS  # doctest: +SKIP
>>> ReferenceEvaluator(model, new_ops=OPERATORS)  # doctest: +SKIP

`OPERATORS` has Gelu of ONNX's own domain and, of the domain com.microsoft, Gelu, BiasGelu, FastGelu
and QuickGelu, which onnxruntime's optimizer puts into models.
"""

import numpy as np
from onnx.reference.op_run import OpRun

import gelu_simd

__all__ = ["OPERATORS", "BiasGelu", "FastGelu", "Gelu", "MicrosoftGelu", "QuickGelu"]

FORMS = {"none": gelu_simd.gelu, "tanh": gelu_simd.gelu_tanh}

Result = tuple[np.ndarray]


class Gelu(OpRun):
    """Gelu of ONNX's own domain, since opset 20: the exact form, or the tanh approximation."""

    op_domain = ""

    def _run(self, x: np.ndarray, approximate: str) -> Result:
        if approximate not in FORMS:
            raise ValueError(f"approximate must be 'none' or 'tanh', not {approximate!r}")
        return (np.asarray(FORMS[approximate](x)),)


class _Microsoft(OpRun):
    """An operator of onnxruntime."""

    op_domain = "com.microsoft"
    op_schema = None  # ONNX has none, and its own Gelu's is not to serve


class MicrosoftGelu(_Microsoft):
    """Gelu: the exact form."""

    def _run(self, x: np.ndarray) -> Result:
        return (np.asarray(gelu_simd.gelu(x)),)


MicrosoftGelu.__name__ = "Gelu"  # the name by which the evaluator finds it


class BiasGelu(_Microsoft):
    """BiasGelu: the exact form of a sum."""

    def _run(self, x: np.ndarray, bias: np.ndarray) -> Result:
        return (np.asarray(gelu_simd.bias_gelu(x, bias)),)


class FastGelu(_Microsoft):
    """FastGelu: the tanh approximation, of a sum where there is a bias."""

    def _run(self, x: np.ndarray, bias: np.ndarray | None = None) -> Result:
        y = gelu_simd.gelu_tanh(x) if bias is None else gelu_simd.bias_gelu_tanh(x, bias)
        return (np.asarray(y),)


class QuickGelu(_Microsoft):
    """QuickGelu: x times the logistic function of alpha x; by NumPy's formula if not of 1.702 x."""

    def _run(self, x: np.ndarray, alpha: float = 1.702) -> Result:
        if np.float32(alpha) == np.float32(1.702):  # models hold it in float32
            return (np.asarray(gelu_simd.quick_gelu(x)),)
        wide = x.astype(np.promote_types(x.dtype, np.float32))  # float16 would overflow soon
        with np.errstate(over="ignore"):
            y = wide / (1 + np.exp(wide * wide.dtype.type(-alpha)))
        return (np.asarray(y.astype(x.dtype)),)


OPERATORS = [Gelu, MicrosoftGelu, BiasGelu, FastGelu, QuickGelu]
