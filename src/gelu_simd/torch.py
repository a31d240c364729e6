"""The functions as operators of PyTorch, for tensors on the CPU.

>>> import torch  # doctest: +SKIP
>>> import gelu_simd.torch
>>> gelu_simd.torch.gelu(torch.linspace(-3, 3, 7))  # doctest: +SKIP
>>> layer = torch.nn.Sequential(torch.nn.Linear(8, 8), gelu_simd.torch.GELU())  # doctest: +SKIP

`gelu` and `GELU` take the place of `torch.nn.functional.gelu` and `torch.nn.GELU`, in autograd,
`torch.func`, `torch.compile` and `torch.export`.  The functions of one operand and their gradients
are operators of PyTorch too, ``torch.ops.gelu_simd.gelu_tanh(x)``, with gradients for autograd but
not for `torch.func`.  Tensors share their memory with NumPy; nothing is copied.

Errors, special values and bits are those of the ufuncs, documented there.  Threads are those of
`gelu_simd.set_num_threads`, not PyTorch's.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from gelu_simd import _ufuncs
from gelu_simd._functions import FAST, FUNCTIONS, PRODUCT_OF, Function, Kind
from gelu_simd._types import TYPES

__all__ = ["GELU", "gelu"]

# The functions of one form, and gradients: fused ones have no use where a graph fuses operators.
OPERATORS = {
    name: row
    for name, row in FUNCTIONS.items()
    if row.tier is FAST and (row.composition is None or row.kind is Kind.GRADIENT)
}

# PyTorch's types by ours; where NumPy has no such type of its own, tensors lend their bits.
DTYPES = {getattr(torch, dtype.name): dtype for dtype in _ufuncs.dtypes}
BITS = {1: torch.int8, 2: torch.int16}

FORMS = {"none": "gelu", "tanh": "gelu_tanh"}  # by the name that PyTorch gives them


def array(t: torch.Tensor) -> np.ndarray:
    """Return the memory of a CPU tensor as an array."""
    dtype = DTYPES[t.dtype]
    t = t.detach()
    is_numpys = dtype.isbuiltin == 1
    return t.numpy() if is_numpys else t.view(BITS[dtype.itemsize]).numpy().view(dtype)


def check(name: str, operands: tuple[torch.Tensor, ...]) -> None:
    """Raise TypeError or ValueError unless an operator takes these tensors."""
    x = operands[-1]
    if x.dtype not in DTYPES:
        need = ""
        if str(x.dtype).removeprefix("torch.") in TYPES:
            need = "; that type needs the package ml_dtypes"
        raise TypeError(
            f"gelu_simd.torch: {name} does not take {x.dtype}; "
            f"it takes {', '.join(map(str, DTYPES))}{need}"
        )
    for other in operands[:-1]:
        if other.dtype != x.dtype or other.shape != x.shape:
            raise ValueError(
                f"gelu_simd.torch: the operands of {name} must be of one type and shape, not "
                f"{other.dtype} {tuple(other.shape)} and {x.dtype} {tuple(x.shape)}"
            )


def refuse(name: str, x: torch.Tensor) -> None:
    """Raise TypeError: the tensor is not in the CPU's memory, or not dense."""
    where = f"on {x.device}" if x.layout is torch.strided else f"of the layout {x.layout}"
    raise TypeError(
        f"gelu_simd.torch: {name} takes dense tensors on the CPU; this one is {where}. "
        "Convert it, or use torch.nn.functional.gelu"
    )


def operator(name: str) -> Callable[..., torch.Tensor]:
    """Return PyTorch's operator of a function."""
    overload: Callable[..., torch.Tensor] = getattr(torch.ops.gelu_simd, name).default
    return overload


def define(row: Function) -> None:
    """Define the operator of a function: its kernel on the CPU, its shapes."""
    name, ufunc = f"gelu_simd::{row.name}", _ufuncs.ufuncs[row.name]
    torch.library.define(name, f"({', '.join(f'Tensor {x}' for x in row.operands)}) -> Tensor")

    def compute(*operands: torch.Tensor) -> torch.Tensor:
        check(row.name, operands)
        y = torch.empty_like(operands[-1])
        ufunc(*map(array, operands), out=array(y))
        return y

    def shape(*operands: torch.Tensor) -> torch.Tensor:
        for x in operands:
            if x.device.type not in {"cpu", "meta"} or x.layout is not torch.strided:
                refuse(row.name, x)
        check(row.name, operands)
        return torch.empty_like(operands[-1])

    def elsewhere(*operands: torch.Tensor) -> None:
        refuse(row.name, operands[-1])

    torch.library.impl(name, "cpu", compute)
    torch.library.impl(name, "CompositeExplicitAutograd", elsewhere)
    torch.library.register_fake(name, shape)


def derivative(row: Function) -> Function:
    """Return the function that is the derivative in x of a function or of its factor."""
    for other in OPERATORS.values():
        is_next = other.form == row.form and other.order == row.order + 1
        if is_next and other.composition is None:
            return other
    raise RuntimeError(f"gelu_simd.torch: {row.name} has no derivative in x")


def product(dy: torch.Tensor, factor: Function, x: torch.Tensor) -> torch.Tensor:
    """Return dy times a function of x, by one operator where there is one."""
    for row in OPERATORS.values():
        if PRODUCT_OF.get(row.name) == factor.name:
            return apply(row.name, dy, x)
    return dy * apply(factor.name, x)


def differentiable(row: Function) -> type[torch.autograd.Function]:
    """Return a function with its derivatives; register those of its operator."""

    def save(ctx: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:  # noqa: ARG001 - PyTorch's name
        ctx.save_for_backward(*inputs)

    def save_for_both(ctx: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        save(ctx, inputs, output)
        ctx.save_for_forward(*inputs)

    def along(ctx: Any, place: int, change: torch.Tensor) -> torch.Tensor:
        """Multiply a change by the derivative in one operand."""
        *scale, x = ctx.saved_tensors
        if place < len(scale):  # a product is linear in its first operand
            return apply(row.name, change, x)
        return product(change * scale[0] if scale else change, derivative(row), x)

    def backward(ctx: Any, dy: torch.Tensor) -> Any:
        gradients = [
            along(ctx, place, dy) if needed else None
            for place, needed in enumerate(ctx.needs_input_grad)
        ]
        return gradients[0] if len(gradients) == 1 else tuple(gradients)

    def jvp(ctx: Any, *tangents: torch.Tensor | None) -> torch.Tensor:
        parts = [along(ctx, place, t) for place, t in enumerate(tangents) if t is not None]
        return functools.reduce(torch.add, parts)

    def batched(compute: Callable[..., torch.Tensor]) -> Callable[..., tuple[torch.Tensor, int]]:
        def batch(
            info: Any, dims: tuple[int | None, ...], *operands: torch.Tensor
        ) -> tuple[torch.Tensor, int]:
            rows = [
                x.expand(info.batch_size, *x.shape) if dim is None else x.movedim(dim, 0)
                for x, dim in zip(operands, dims, strict=True)
            ]
            return compute(*rows), 0

        return batch

    compute = operator(row.name)
    torch.library.register_autograd(f"gelu_simd::{row.name}", backward, setup_context=save)
    torch.library.register_vmap(f"gelu_simd::{row.name}", batched(compute))
    methods = {
        "forward": compute,
        "setup_context": save_for_both,
        "backward": backward,
        "jvp": jvp,
        "vmap": batched(functools.partial(apply, row.name)),
    }
    statics = {name: staticmethod(method) for name, method in methods.items()}
    return type(row.name, (torch.autograd.Function,), statics)


def apply(name: str, *operands: torch.Tensor) -> torch.Tensor:
    """Compute a function: by its operator, or in the way that transforms of torch.func need."""
    if in_transform():
        result: torch.Tensor = DIFFERENTIABLE[name].apply(*operands)
        return result
    return operator(name)(*operands)


for _row in OPERATORS.values():
    define(_row)

# torch.func refuses the gradients that operators register; these classes serve it, in both modes.
DIFFERENTIABLE = {name: differentiable(row) for name, row in OPERATORS.items()}

# Tells whether torch.func transforms the caller.  PyTorch has no public name for it; without the
# private one torch.func.grad alone is lost.
in_transform = getattr(torch._C, "_are_functorch_transforms_active", bool)


def form(approximate: str) -> str:
    """Return the name of the function for an argument `approximate`, or raise ValueError."""
    if approximate not in FORMS:
        raise ValueError(f"approximate must be 'none' or 'tanh', not {approximate!r}")
    return FORMS[approximate]


def gelu(input: torch.Tensor, approximate: str = "none") -> torch.Tensor:  # noqa: A002 - PyTorch's name
    """GELU of a tensor, in the place of `torch.nn.functional.gelu`.

    Parameters
    ----------
    input : torch.Tensor
        A dense tensor on the CPU, of any shape and strides: float64, float32, float16, and bfloat16
        if ml_dtypes is installed.
    approximate : {"none", "tanh"}
        The exact form, or the tanh approximation.

    Returns
    -------
    torch.Tensor
        A new tensor of the same shape and type.

    Raises
    ------
    TypeError
        If the tensor is of another type, on another device, or sparse.
    ValueError
        If `approximate` is another word.
    """
    return apply(form(approximate), input)


class GELU(torch.nn.Module):
    """GELU as a layer, in the place of `torch.nn.GELU`.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        The exact form, or the tanh approximation.
    """

    def __init__(self, approximate: str = "none") -> None:
        """Make a layer of one form."""
        super().__init__()
        form(approximate)
        self.approximate = approximate

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - PyTorch's name
        """Return GELU of a tensor."""
        return gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """Return the argument, for the layer's text."""
        return f"approximate={self.approximate!r}"
