# What type checkers see of the module: its public names.

from jax import Array  # type: ignore[import-not-found,unused-ignore]
from jax.typing import ArrayLike  # type: ignore[import-not-found,unused-ignore]

__all__ = ["gelu"]

def gelu(x: ArrayLike, approximate: bool = True) -> Array: ...
