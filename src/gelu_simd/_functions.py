r"""The list of functions: what each one computes, and how large its error may be.

It is the list of csrc/lists.h with what C need not know.  This module imports nothing of the
package, so that all others may read it.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

#: The limit of a correctly rounded result: half an ULP.
CORRECTLY_ROUNDED = 0.5

#: Limits on the error in ULP, by type: those of the functions of a tier.
WITHIN = {
    "float32": 3.0,
    "float64": 2.0,
    "float16": CORRECTLY_ROUNDED,
    "bfloat16": CORRECTLY_ROUNDED,
}
NEAREST = {
    "float32": CORRECTLY_ROUNDED,
    "float16": CORRECTLY_ROUNDED,
    "bfloat16": CORRECTLY_ROUNDED,
}


class Tier(NamedTuple):
    """Functions of one accuracy, in a public module of their own."""

    name: str  #: in csrc/lists.h
    module: str
    limits: Mapping[str, float]  #: on the errors of its elementary functions, by type
    stub: str  #: the argument of the classes in _ufunc_types.pyi


FAST = Tier("FAST", "gelu_simd", WITHIN, "Fast")
CORRECT = Tier("CORRECT", "gelu_simd.cr", NEAREST, "Correct")

TIERS = (FAST, CORRECT)


class Operand(NamedTuple):
    """An input of functions."""

    text: str  #: in docstrings
    example: list[float]  #: in docstrings, beside other operands
    array: str  #: of those that the comparisons time on


OPERANDS = {
    "x": Operand("Input of the forward pass, dimensionless.", [-1.0, 0.0, 1.0], "x"),
    "dy": Operand(
        "Derivative of the loss with respect to the output of the forward pass.",
        [1.0, 2.0, 3.0], "dy",
    ),
    "bias": Operand(
        "Summand of `x`, in practice one number for each place of the last axis.",
        [0.25, 0.5, 0.75], "other",
    ),
    "gate": Operand("Half that goes through GELU, dimensionless.", [-1.0, 0.0, 1.0], "x"),
    "up": Operand("Half that is multiplied by it.", [1.0, 2.0, 3.0], "other"),
    "u": Operand(
        "Random numbers, uniform in [0, 1): ``rng.random(x.shape, dtype=x.dtype)``.",
        [0.1, 0.4, 0.8], "other",
    ),
}  # fmt: skip


class Kind(Enum):
    """What a function is to its form of GELU."""

    VALUE = "value"
    DERIVATIVE = "derivative"
    SECOND_DERIVATIVE = "second derivative"
    GRADIENT = "gradient"  #: an incoming gradient times the first derivative
    VALUE_AND_DERIVATIVE = "value and derivative"
    BIAS = "value of a sum"
    BIAS_GRADIENT = "gradient of a sum"
    GATED = "gated value"
    GATED_GRADIENT = "gradient of a gated value"
    STOCHASTIC = "random gate"


#: The kind of an elementary function, by the order of the derivative.
_ORDERS = (Kind.VALUE, Kind.DERIVATIVE, Kind.SECOND_DERIVATIVE)


class Composition(NamedTuple):
    """How a function is composed of elementary ones; it defines the result bit by bit.

    In a type that is computed in another one, the whole is computed in that one and rounded once,
    unless `rounds_once` is False: then each part is that of the type itself.
    """

    kind: Kind
    factors: tuple[str, ...]  #: names of elementary functions
    expressions: tuple[str, ...]  #: of the results, to be read
    compute: Callable[..., tuple]  #: of the factors and the operands, in NumPy: the results
    rounds_once: bool = True


class Function(NamedTuple):
    """A row of the list."""

    name: str  #: in every list; in C too
    form: str  #: of GELU: "exact", or "tanh" or "quick" for the approximation
    order: int  #: of the derivative: 0 is the value, 1 and 2 the derivatives
    operands: tuple[str, ...]  #: names of the inputs
    results: tuple[str, ...]  #: names of the outputs
    limits: Mapping[str, float] | None  #: in ULP by type, None for a composed function
    summary: str
    formula: str  #: in LaTeX
    composition: Composition | None = None
    tier: Tier = FAST
    alias: str | None = None  #: the name in the tier's module, if not `name`

    @property
    def public(self) -> str:
        """The name in the tier's module."""
        return self.alias or self.name

    @property
    def types(self) -> tuple[str, ...]:
        """The types that have kernels."""
        return tuple(self.tier.limits)

    @property
    def kind(self) -> Kind:
        """What the function is to its form."""
        return _ORDERS[self.order] if self.composition is None else self.composition.kind

    @property
    def place(self) -> tuple[str, Kind]:
        """The form and the kind: where other libraries have the same function."""
        return self.form, self.kind


def _gradient(derivative: str) -> Composition:
    return Composition(
        Kind.GRADIENT, (derivative,), (f"dy * {derivative}(x)",),
        lambda grad, dy, x: (dy * grad(x),),
    )  # fmt: skip


def _value_and_grad(value: str, derivative: str) -> Composition:
    return Composition(
        Kind.VALUE_AND_DERIVATIVE, (value, derivative), (f"{value}(x)", f"{derivative}(x)"),
        lambda gelu, grad, x: (gelu(x), grad(x)), rounds_once=False,
    )  # fmt: skip


def _bias(value: str) -> Composition:
    return Composition(
        Kind.BIAS, (value,), (f"{value}(x + bias)",), lambda gelu, x, bias: (gelu(x + bias),)
    )


def _bias_gradient(derivative: str) -> Composition:
    return Composition(
        Kind.BIAS_GRADIENT, (derivative,), (f"dy * {derivative}(x + bias)",),
        lambda grad, dy, x, bias: (dy * grad(x + bias),),
    )  # fmt: skip


def _gated(value: str) -> Composition:
    return Composition(
        Kind.GATED, (value,), (f"{value}(gate) * up",), lambda gelu, gate, up: (gelu(gate) * up,)
    )


def _gated_gradient(value: str, derivative: str) -> Composition:
    return Composition(
        Kind.GATED_GRADIENT, (derivative, value),
        (f"dy * up * {derivative}(gate)", f"dy * {value}(gate)"),
        lambda grad, gelu, dy, gate, up: (dy * up * grad(gate), dy * gelu(gate)),
    )  # fmt: skip


def _stochastic(gelu: Callable, x: Any, u: Any) -> tuple:
    """Return x where u times the clamped |x| is below the clamped |gelu(x)|, else x's zero."""
    magnitude = np.clip(np.abs(x), x.dtype.type(2.0**-60), x.dtype.type(40))
    excess = u * magnitude - np.abs(gelu(np.copysign(magnitude, x)))
    kept = np.where(excess < 0, x, np.copysign(x.dtype.type(0), x))
    return (np.where(np.isnan(excess), excess, kept),)


_GAUSS = r"\Phi(x) = \tfrac12 \operatorname{erfc}(-x/\sqrt2)"
_DENSITY = r"\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}"
_LOGISTIC = r"\sigma(v) = 1/(1 + e^{{-v}}), \quad v = 2\sqrt{{2/\pi}}\,({0} + 0.044715\,{0}^3)"
_SIGMA, _SIGMA_OF_Z = (_LOGISTIC.format(x) for x in "xz")
# Derivatives at {0}.
_EXACT_GRAD = (
    r"\Phi({0}) + {0}\,\varphi({0}), \quad \Phi({0}) = \tfrac12 \operatorname{{erfc}}(-{0}/\sqrt2),"
    r" \quad \varphi({0}) = e^{{-{0}^2/2}}/\sqrt{{2\pi}}"
)
_TANH_GRAD = r"\sigma(v) + {0}\,\sigma(v)\,\sigma(-v)\,v'({0}), \quad " + _LOGISTIC
_QUICK = r"\sigma(v) = 1/(1 + e^{-v}), \quad v = 1.702\,x"

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
            _gradient("gelu_grad"),
        ),
        Function(
            "gelu_tanh_backward", "tanh", 1, ("dy", "x"), ("dx",), None,
            "Gradient of GELU's tanh approximation: the incoming gradient times the derivative.",
            rf"dx = dy\,(\sigma(v) + x\,\sigma(v)\,\sigma(-v)\,v'(x)), \quad {_SIGMA}",
            _gradient("gelu_tanh_grad"),
        ),
        Function(
            "gelu_value_and_grad", "exact", 0, ("x",), ("y", "derivative"), None,
            "The exact GELU and its derivative.",
            rf"y = x\,\Phi(x), \quad y' = {_EXACT_GRAD.format('x')}",
            _value_and_grad("gelu", "gelu_grad"),
        ),
        Function(
            "gelu_tanh_value_and_grad", "tanh", 0, ("x",), ("y", "derivative"), None,
            "GELU's tanh approximation and its derivative.",
            rf"y = x\,\sigma(v), \quad y' = {_TANH_GRAD.format('x')}",
            _value_and_grad("gelu_tanh", "gelu_tanh_grad"),
        ),
        Function(
            "bias_gelu", "exact", 0, ("x", "bias"), ("y",), None,
            "The exact GELU of a sum: a linear layer's output and its bias.",
            rf"y = z\,\Phi(z), \quad z = x + bias, \quad {_GAUSS}",
            _bias("gelu"),
        ),
        Function(
            "bias_gelu_tanh", "tanh", 0, ("x", "bias"), ("y",), None,
            "GELU's tanh approximation of a sum: a linear layer's output and its bias.",
            rf"y = z\,\sigma(v), \quad z = x + bias, \quad {_SIGMA_OF_Z}",
            _bias("gelu_tanh"),
        ),
        Function(
            "bias_gelu_backward", "exact", 1, ("dy", "x", "bias"), ("dx",), None,
            "Gradient of `bias_gelu`: the incoming gradient times the derivative at the sum.",
            rf"dx = dy\,g'(z), \quad z = x + bias, \quad g'(z) = {_EXACT_GRAD.format('z')}",
            _bias_gradient("gelu_grad"),
        ),
        Function(
            "bias_gelu_tanh_backward", "tanh", 1, ("dy", "x", "bias"), ("dx",), None,
            "Gradient of `bias_gelu_tanh`: the incoming gradient times the derivative at the sum.",
            rf"dx = dy\,g'(z), \quad z = x + bias, \quad g'(z) = {_TANH_GRAD.format('z')}",
            _bias_gradient("gelu_tanh_grad"),
        ),
        Function(
            "geglu", "exact", 0, ("gate", "up"), ("y",), None,
            "Gated linear unit: the exact GELU of the gate times the other half.",
            rf"y = g(gate)\,up, \quad g(x) = x\,\Phi(x), \quad {_GAUSS}",
            _gated("gelu"),
        ),
        Function(
            "geglu_tanh", "tanh", 0, ("gate", "up"), ("y",), None,
            "Gated linear unit: GELU's tanh approximation of the gate times the other half.",
            rf"y = g(gate)\,up, \quad g(x) = x\,\sigma(v), \quad {_SIGMA}",
            _gated("gelu_tanh"),
        ),
        Function(
            "geglu_backward", "exact", 1, ("dy", "gate", "up"), ("dgate", "dup"), None,
            "Gradients of `geglu` with respect to the gate and the other half.",
            r"dgate = dy\,up\,g'(gate), \quad dup = dy\,g(gate), \quad g(x) = x\,\Phi(x), \quad "
            rf"g'(x) = {_EXACT_GRAD.format('x')}",
            _gated_gradient("gelu", "gelu_grad"),
        ),
        Function(
            "geglu_tanh_backward", "tanh", 1, ("dy", "gate", "up"), ("dgate", "dup"), None,
            "Gradients of `geglu_tanh` with respect to the gate and the other half.",
            r"dgate = dy\,up\,g'(gate), \quad dup = dy\,g(gate), \quad g(x) = x\,\sigma(v), \quad "
            rf"g'(x) = {_TANH_GRAD.format('x')}",
            _gated_gradient("gelu_tanh", "gelu_tanh_grad"),
        ),
        Function(
            "stochastic_gelu", "exact", 0, ("x", "u"), ("y",), None,
            "Random gate whose mean is the exact GELU: x with probability Phi(x), else 0.",
            rf"y = x \text{{ where }} u < \Phi(x), \text{{ else }} 0, \quad {_GAUSS}",
            Composition(
                Kind.STOCHASTIC, ("gelu",), ("x where u * |x| < |gelu(x)|, else 0",), _stochastic
            ),
        ),
        Function(
            "quick_gelu", "quick", 0, ("x",), ("y",), WITHIN,
            "Gaussian error linear unit in its quick approximation, by a logistic function.",
            rf"y = x\,\sigma(v), \quad {_QUICK}",
        ),
        Function(
            "quick_gelu_grad", "quick", 1, ("x",), ("y",), WITHIN,
            "Derivative of GELU's quick approximation.",
            rf"y = \sigma(v) + v\,\sigma(v)\,\sigma(-v), \quad {_QUICK}",
        ),
        Function(
            "quick_gelu_backward", "quick", 1, ("dy", "x"), ("dx",), None,
            "Gradient of GELU's quick approximation: the incoming gradient times the derivative.",
            rf"dx = dy\,(\sigma(v) + v\,\sigma(v)\,\sigma(-v)), \quad {_QUICK}",
            _gradient("quick_gelu_grad"),
        ),
        Function(
            "quick_gelu_value_and_grad", "quick", 0, ("x",), ("y", "derivative"), None,
            "GELU's quick approximation and its derivative.",
            rf"y = x\,\sigma(v), \quad y' = \sigma(v) + v\,\sigma(v)\,\sigma(-v), \quad {_QUICK}",
            _value_and_grad("quick_gelu", "quick_gelu_grad"),
        ),
        Function(
            "gelu_grad2", "exact", 2, ("x",), ("y",), WITHIN,
            "Second derivative of the exact GELU.",
            rf"y = \varphi(x)\,(2 - x^2), \quad {_DENSITY}",
        ),
        Function(
            "gelu_tanh_grad2", "tanh", 2, ("x",), ("y",), WITHIN,
            "Second derivative of GELU's tanh approximation.",
            r"y = \sigma(v)\,\sigma(-v)\,(2v'(x) + x\,v''(x) - x\,v'(x)^2 \tanh(v/2)), \quad "
            + _SIGMA,
        ),
    )
}  # fmt: skip


def _correct(name: str) -> Function:
    """Return the record of a function's correctly rounded twin."""
    row = _FAST[name]
    made = row.composition
    return row._replace(
        name=f"cr_{name}",
        alias=name,
        tier=CORRECT,
        limits=None if made else CORRECT.limits,
        composition=made and made._replace(factors=tuple(f"cr_{name}" for name in made.factors)),
    )


_TWINS = map(
    _correct,
    (
        "gelu",
        "gelu_tanh",
        "gelu_grad",
        "gelu_tanh_grad",
        "gelu_backward",
        "gelu_tanh_backward",
    ),
)

#: By name, in the order of csrc/lists.h.
FUNCTIONS = _FAST | {row.name: row for row in _TWINS}

#: Names of the functions whose error has a limit of its own.
ELEMENTARY = tuple(name for name, function in FUNCTIONS.items() if function.limits is not None)

#: The derivative that each gradient holds as a factor.
PRODUCT_OF = {
    name: function.composition.factors[0]
    for name, function in FUNCTIONS.items()
    if function.composition is not None and function.kind is Kind.GRADIENT
}


def limit(function: str, dtype: str) -> float:
    """Return the limit in ULP for an elementary function and a type, on every level."""
    limits = FUNCTIONS[function].limits
    if limits is None:
        raise ValueError(f"{function} is composed of others and has no limit of its own")
    return limits[dtype]
