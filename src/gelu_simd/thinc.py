"""Thinc's GELU, forward and backward, on gelu_simd.

>>> import gelu_simd.thinc  # doctest: +SKIP
>>> from thinc.api import use_ops  # doctest: +SKIP
>>> with use_ops("gelu_simd"):  # doctest: +SKIP
...     model = ...
"""

from thinc.api import NumpyOps, registry
from thinc.types import FloatsXd

import gelu_simd

__all__ = ["GeluSimdOps"]


@registry.ops("GeluSimdOps")
class GeluSimdOps(NumpyOps):
    """NumpyOps with four functions replaced."""

    name = "gelu_simd"

    def gelu(self, X: FloatsXd, inplace: bool = False) -> FloatsXd:
        """Return x Φ(x)."""
        return gelu_simd.gelu(X, out=X if inplace else None)

    def gelu_approx(self, X: FloatsXd, inplace: bool = False) -> FloatsXd:
        """Return the tanh form."""
        return gelu_simd.gelu_tanh(X, out=X if inplace else None)

    def backprop_gelu(self, dY: FloatsXd, X: FloatsXd, inplace: bool = False) -> FloatsXd:
        """Return dY times the derivative at X."""
        return gelu_simd.gelu_backward(dY, X, out=dY if inplace else None)

    def backprop_gelu_approx(self, dY: FloatsXd, X: FloatsXd, inplace: bool = False) -> FloatsXd:
        """Return dY times the derivative of the tanh form at X."""
        return gelu_simd.gelu_tanh_backward(dY, X, out=dY if inplace else None)
