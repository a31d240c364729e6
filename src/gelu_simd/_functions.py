r"""The list of functions: what each one computes, and how large its error may be.

It is the lists of csrc/lists.h with what C need not know.  This module imports nothing of the
package, so that all others may read it.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

#: The limit of a correctly rounded result: half an ULP.
CORRECTLY_ROUNDED = 0.5

#: Limits on the error in ULP, by type: the types of the functions of a tier.
WITHIN = {
    "float32": 3.0,
    "float64": 2.0,
    "float16": CORRECTLY_ROUNDED,
    "bfloat16": CORRECTLY_ROUNDED,
}
ROUNDED = {
    "float32": CORRECTLY_ROUNDED,
    "float16": CORRECTLY_ROUNDED,
    "bfloat16": CORRECTLY_ROUNDED,
}


class Tier(NamedTuple):
    """Functions of one accuracy, in a public module of their own."""

    module: str
    limits: Mapping[str, float]  #: in ULP, by type
    stub: str  #: the class in _ufunc_types.pyi, before the numbers of inputs and outputs


FAST = Tier("gelu_simd", WITHIN, "Ufunc")
CORRECT = Tier("gelu_simd.cr", ROUNDED, "NarrowUfunc")

TIERS = (FAST, CORRECT)


class Kind(Enum):
    """What a function is to its form of GELU."""

    VALUE = "value"
    DERIVATIVE = "derivative"
    GRADIENT = "gradient"  #: an incoming gradient times the first derivative
    OTHER = "other"


class Function(NamedTuple):
    """A row of the list."""

    name: str  #: in C and in every list
    form: str  #: of GELU: "exact", or "tanh" for the approximation
    order: int  #: of the derivative: 0 is the value, 1 the first derivative
    operands: tuple[str, ...]  #: names of the inputs; the last is x
    results: tuple[str, ...]  #: names of the outputs
    limits: Mapping[str, float] | None  #: in ULP by type, None for a product
    summary: str
    formula: str  #: in LaTeX
    product_of: str | None = None  #: the function that the first operand is multiplied by
    tier: Tier = FAST
    alias: str | None = None  #: its name in the tier's module, if not `name`

    @property
    def kind(self) -> Kind:
        """What the function is to its form."""
        if self.product_of is not None:
            return Kind.GRADIENT if self.order == 1 else Kind.OTHER
        return {0: Kind.VALUE, 1: Kind.DERIVATIVE}.get(self.order, Kind.OTHER)

    @property
    def public(self) -> str:
        """Its name in the tier's module."""
        return self.alias or self.name

    @property
    def types(self) -> tuple[str, ...]:
        """The types that it has loops for."""
        return tuple(self.tier.limits)

    @property
    def place(self) -> tuple[str, Kind]:
        """The form and the kind: where other libraries have the same function."""
        return self.form, self.kind


_GAUSS = r"\Phi(x) = \tfrac12 \operatorname{erfc}(-x/\sqrt2)"
_DENSITY = r"\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}"
_SIGMA = r"\sigma(v) = 1/(1 + e^{-v}), \quad v = 2\sqrt{2/\pi}\,(x + 0.044715\,x^3)"

_FAST = {
    function.name: function
    for function in (
        Function(
            "gelu", "exact", 0, ("x",), ("y",), WITHIN,
            "Gaussian error linear unit, exact: x times the standard normal distribution function.",
            rf"y = x\,\Phi(x), \quad {_GAUSS}",
        ),
        Function(
            "gelu_tanh", "tanh", 0, ("x",), ("y",), WITHIN,
            "Gaussian error linear unit in its tanh approximation.",
            rf"y = \tfrac x2 (1 + \tanh(v/2)) = x\,\sigma(v), \quad {_SIGMA}",
        ),
        Function(
            "gelu_grad", "exact", 1, ("x",), ("y",), WITHIN,
            "Derivative of the exact GELU.",
            rf"y = \Phi(x) + x\,\varphi(x), \quad {_GAUSS}, \quad {_DENSITY}",
        ),
        Function(
            "gelu_tanh_grad", "tanh", 1, ("x",), ("y",), WITHIN,
            "Derivative of GELU's tanh approximation.",
            rf"y = \sigma(v) + x\,\sigma(v)\,\sigma(-v)\,v'(x), \quad {_SIGMA}",
        ),
        Function(
            "gelu_backward", "exact", 1, ("dy", "x"), ("dx",), None,
            "Gradient of the exact GELU: the incoming gradient times the derivative.",
            rf"dx = dy\,(\Phi(x) + x\,\varphi(x)), \quad {_GAUSS}, \quad {_DENSITY}",
            "gelu_grad",
        ),
        Function(
            "gelu_tanh_backward", "tanh", 1, ("dy", "x"), ("dx",), None,
            "Gradient of GELU's tanh approximation: the incoming gradient times the derivative.",
            rf"dx = dy\,(\sigma(v) + x\,\sigma(v)\,\sigma(-v)\,v'(x)), \quad {_SIGMA}",
            "gelu_tanh_grad",
        ),
    )
}  # fmt: skip


def _correct(name: str) -> Function:
    """Return the record of the correctly rounded function beside a fast one."""
    row = _FAST[name]
    return row._replace(
        name=f"cr_{name}",
        alias=name,
        tier=CORRECT,
        limits=row.limits and CORRECT.limits,
        product_of=row.product_of and f"cr_{row.product_of}",
    )


_CORRECT = (
    "gelu",
    "gelu_tanh",
    "gelu_grad",
    "gelu_tanh_grad",
    "gelu_backward",
    "gelu_tanh_backward",
)

#: By name, in the order of csrc/lists.h.
FUNCTIONS = _FAST | {row.name: row for row in map(_correct, _CORRECT)}

#: Names of the functions whose error has a limit of its own.
ELEMENTARY = tuple(name for name, function in FUNCTIONS.items() if function.limits is not None)

#: The factor of each product.
PRODUCT_OF = {
    name: function.product_of
    for name, function in FUNCTIONS.items()
    if function.product_of is not None
}


def limit(function: str, dtype: str) -> float:
    """Return the limit in ULP for an elementary function and a type, on every level."""
    limits = FUNCTIONS[function].limits
    if limits is None:
        raise ValueError(f"{function} is a product and has no limit of its own")
    return limits[dtype]
