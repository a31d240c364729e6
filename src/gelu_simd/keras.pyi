# What type checkers see of the module: its public names.

from typing import Any

__all__ = ["gelu"]

def gelu(x: Any, approximate: bool = True) -> Any: ...
