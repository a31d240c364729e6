# What type checkers see of the module: its public names.

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from onnx.reference.op_run import OpRun  # type: ignore[import-not-found,unused-ignore]

__all__ = ["OPERATORS", "BiasGelu", "FastGelu", "Gelu", "MicrosoftGelu", "QuickGelu"]

_Array: TypeAlias = NDArray[np.floating]

class Gelu(OpRun):  # type: ignore[misc,unused-ignore]
    op_domain: str
    def _run(self, x: _Array, approximate: str) -> tuple[_Array]: ...

class MicrosoftGelu(OpRun):  # type: ignore[misc,unused-ignore]
    op_domain: str
    op_schema: None
    def _run(self, x: _Array) -> tuple[_Array]: ...

class BiasGelu(OpRun):  # type: ignore[misc,unused-ignore]
    op_domain: str
    op_schema: None
    def _run(self, x: _Array, bias: _Array) -> tuple[_Array]: ...

class FastGelu(OpRun):  # type: ignore[misc,unused-ignore]
    op_domain: str
    op_schema: None
    def _run(self, x: _Array, bias: _Array | None = None) -> tuple[_Array]: ...

class QuickGelu(OpRun):  # type: ignore[misc,unused-ignore]
    op_domain: str
    op_schema: None
    def _run(self, x: _Array, alpha: float = 1.702) -> tuple[_Array]: ...

OPERATORS: Final[list[type[OpRun]]]
