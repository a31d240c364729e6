# What type checkers see of the module: its public names.

from typing import Literal

from torch import Tensor, nn  # type: ignore[import-not-found,unused-ignore]

__all__ = ["GELU", "gelu"]

def gelu(
    input: Tensor,  # noqa: A002 - PyTorch's name
    approximate: Literal["none", "tanh"] = "none",
) -> Tensor: ...

class GELU(nn.Module):  # type: ignore[misc,unused-ignore]
    approximate: Literal["none", "tanh"]
    def __init__(self, approximate: Literal["none", "tanh"] = "none") -> None: ...
    def forward(self, input: Tensor) -> Tensor: ...  # noqa: A002 - PyTorch's name
    def extra_repr(self) -> str: ...
