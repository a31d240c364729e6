# What type checkers see of the module: its public names.

from thinc.api import NumpyOps  # type: ignore[import-not-found,unused-ignore]
from thinc.types import FloatsXd  # type: ignore[import-not-found,unused-ignore]

__all__ = ["GeluSimdOps"]

class GeluSimdOps(NumpyOps):  # type: ignore[misc,unused-ignore]
    name: str
    def gelu(self, X: FloatsXd, inplace: bool = False) -> FloatsXd: ...
    def gelu_approx(self, X: FloatsXd, inplace: bool = False) -> FloatsXd: ...
    def backprop_gelu(self, dY: FloatsXd, X: FloatsXd, inplace: bool = False) -> FloatsXd: ...
    def backprop_gelu_approx(
        self, dY: FloatsXd, X: FloatsXd, inplace: bool = False
    ) -> FloatsXd: ...
