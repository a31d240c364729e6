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
    if t.requires_grad:
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


def define(row: Function) -> Callable[..., torch.Tensor]:
    """Define the operator of a function: its kernel on the CPU, its shapes; return the kernel."""
    name, ufunc = f"gelu_simd::{row.name}", _ufuncs.ufuncs[row.name]
    torch.library.define(name, f"({', '.join(f'Tensor {x}' for x in row.operands)}) -> Tensor")

    def compute(*operands: torch.Tensor) -> torch.Tensor:
        check(row.name, operands)
        y = torch.empty_like(operands[-1])
        ufunc(*map(array, operands), array(y))
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
    return compute


# The operator that is dy times a function, by that function; the derivative in x of each operator
# but for its other factor.
PRODUCTS = {PRODUCT_OF[name]: name for name in OPERATORS if name in PRODUCT_OF}
DERIVATIVES = {
    name: other.name
    for name, row in OPERATORS.items()
    for other in OPERATORS.values()
    if (other.form, other.order, other.composition) == (row.form, row.order + 1, None)
}


def product(dy: torch.Tensor, name: str, x: torch.Tensor) -> torch.Tensor:
    """Return dy times the derivative of a function, by one operator where there is one."""
    factor = DERIVATIVES.get(name)
    if factor is None:
        raise RuntimeError(f"gelu_simd.torch: {name} has no derivative in x")
    if factor in PRODUCTS:
        return apply(PRODUCTS[factor], dy, x)
    return dy * apply(factor, x)


def differentiable(row: Function) -> tuple[type[torch.autograd.Function], ...]:
    """Return a function with its derivatives, for transforms and for autograd alone.

    The derivatives of its operator are registered.  What transforms can take has a larger cost.
    """

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
        return product(change * scale[0] if scale else change, row.name, x)

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

    def forward(ctx: Any, *operands: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(*operands)
        return KERNELS[row.name](*operands)

    return tuple(
        type(
            row.name,
            (torch.autograd.Function,),
            {name: staticmethod(method) for name, method in each.items()},
        )
        for each in (methods, {"forward": forward, "backward": backward})
    )


def apply(name: str, *operands: torch.Tensor) -> torch.Tensor:
    """Compute a function: at once, by its operator, or in the way that transforms need."""
    if not torch.compiler.is_compiling() and goes_direct(operands):
        if torch.is_grad_enabled():
            for x in operands:
                if x.requires_grad:
                    return DIRECT[name].apply(*operands)  # type: ignore[no-any-return]
        return KERNELS[name](*operands)
    if in_transform() or has_tangents():
        return DIFFERENTIABLE[name].apply(*operands)  # type: ignore[no-any-return]
    return operator(name)(*operands)


def goes_direct(operands: tuple[torch.Tensor, ...]) -> bool:
    """Tell whether PyTorch's dispatcher would do nothing but call the kernel, and perhaps autograd.

    So it is for dense tensors of PyTorch's own classes, while no mode, tracer, transform, tangent
    or profiler takes part.  To reach a kernel in Python the dispatcher takes several microseconds.
    """
    if modes().raw_repr() not in NO_MODE or function_modes() or profiler() or has_tangents():
        return False
    for x in operands:  # all() would take as long as the rest
        if type(x) not in OWN_TYPES or keys_of(x).raw_repr() not in DENSE:
            return False
    return True


def has_tangents() -> bool:
    """Tell whether tensors may have tangents, which operators written in Python lose."""
    level: int = getattr(torch.autograd.forward_ad, "_current_level", -1)
    return level >= 0


def keys(*names: str) -> int:
    """Return a set of the dispatcher's keys as a number."""
    sets = [torch._C.DispatchKeySet(getattr(torch._C.DispatchKey, name)) for name in names]
    number: int = functools.reduce(lambda a, b: a | b, sets).raw_repr()
    return number


KERNELS = {name: define(row) for name, row in OPERATORS.items()}

# torch.func refuses the gradients that operators register; these classes serve it, in both modes.
_CLASSES = {name: differentiable(row) for name, row in OPERATORS.items()}
DIFFERENTIABLE = {name: classes[0] for name, classes in _CLASSES.items()}
DIRECT = {name: classes[1] for name, classes in _CLASSES.items()}

# Tells whether torch.func transforms the caller.  PyTorch has no public name for it; without the
# private one torch.func.grad alone is lost.
in_transform = getattr(torch._C, "_are_functorch_transforms_active", bool)

# What the dispatcher looks at, in training and in inference mode: the modes in use, a tensor's own
# keys.  PyTorch has no public names for them; without the private ones it makes all calls.
OWN_TYPES = {torch.Tensor, torch.nn.Parameter}
try:
    modes = torch._C._dispatch_tls_local_include_set
    function_modes = torch._C._len_torch_function_stack
    profiler = torch.autograd._profiler_enabled
    keys_of = torch._C._dispatch_keys
    NO_MODE = {keys("BackendSelect", "ADInplaceOrView"), keys("BackendSelect")}
    DENSE = {
        keys("CPU", "ADInplaceOrView", "AutogradCPU", "AutocastCPU"),
        keys("CPU", "AutocastCPU"),
    }
except AttributeError:

    def goes_direct(operands: tuple[torch.Tensor, ...]) -> bool:  # noqa: ARG001 - as above
        """Tell that every call goes through the dispatcher."""
        return False


def form(approximate: str) -> str:
    """Return the name of the function for an argument `approximate`, or raise ValueError."""
    if not isinstance(approximate, str) or approximate not in FORMS:
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
        If it is no tensor, or one of another type, on another device, or sparse.
    ValueError
        If `approximate` is another word.
    """
    if not isinstance(input, torch.Tensor):
        raise TypeError(
            f"gelu_simd.torch: gelu takes a torch.Tensor, not {type(input).__name__}; "
            "gelu_simd.gelu takes arrays, numbers and lists"
        )
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
