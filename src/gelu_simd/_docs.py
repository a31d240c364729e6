"""The ufuncs' docstrings, with the errors of `_limits` and `_measured` filled in."""

from gelu_simd._limits import CORRECTLY_ROUNDED, HALF_TYPES, LIMITS, Largest
from gelu_simd._measured import MEASURED

__all__ = ["DOCS", "inputs"]

VALUE = """{summary}

.. math:: {formula}

Parameters
----------
x : array_like
    Input of any shape.  float64, float32, float16 and, if ml_dtypes is installed, bfloat16 stay
    what they are; integers and bool compute in float64.
{common}

Returns
-------
y : ndarray or scalar
    `{name}` of each element of `x`, in the shape of `x`.

{raises}

See Also
--------
{see}

Notes
-----
{limits}

{special}

{source}

Examples
--------
>>> import numpy as np
>>> from gelu_simd import {name}
>>> {name}(np.float64({at}))
np.float64({value})
"""

BACKWARD = """{summary}

.. math:: {formula}

Parameters
----------
dy : array_like
    Derivative of the loss with respect to the output of the forward pass.
x : array_like
    Input of the forward pass.  `dy` and `x` are broadcast against each other.  Both may be of
    any type that ``{grad}`` takes.  They compute in the type that NumPy promotes them to, Python
    numbers following the array, and in float64 if that is integer or bool.  Where it has none,
    bfloat16 counts as float32.
{common}

Returns
-------
dx : ndarray or scalar
    ``dy * {grad}(x)`` in one pass and without a temporary array; the same bits if `dy` and `x` are
    both float64 or both float32.  In float16 and bfloat16 it is the float32 result, rounded once.

{raises}

See Also
--------
{see}

Notes
-----
{limits}

Examples
--------
>>> import numpy as np
>>> from gelu_simd import {name}
>>> {name}(2.0, np.float64(0.0))
np.float64(1.0)
"""

COMMON = """\
out : ndarray, optional
    Array to write to, of the shape the inputs broadcast to; it may be an input.
where : array_like of bool, optional
    Where False, `out` keeps what it held.
**kwargs
    The other keyword arguments of NumPy's ufuncs: ``dtype``, ``casting``, ``order``, ``subok``."""

RAISES = """\
Raises
------
TypeError
    If an input is complex, longdouble or not numeric."""

SOURCE = "Source: D. Hendrycks and K. Gimpel, Gaussian Error Linear Units, arXiv:1606.08415 (2016)."

GAUSS = r"\Phi(x) = \tfrac12 \operatorname{erfc}(-x/\sqrt2)"
SIGMA = r"\sigma(v) = 1/(1 + e^{-v}), \quad v = 2\sqrt{2/\pi}\,(x + 0.044715\,x^3)"
VALUE_SPECIAL = "±0 and +∞ give themselves, −∞ gives −0, NaN gives NaN."
GRAD_SPECIAL = "±0 gives 0.5, +∞ gives 1, −∞ gives −0, NaN gives NaN."


def limits(name: str) -> tuple[str, str]:
    """State the limits on the error of a value or derivative, and which types have none."""
    found = [f"{most:g} ULP in {dtype}" for (n, dtype), most in LIMITS.items() if n == name]
    return f"at most {' and '.join(found)}", f"{' and '.join(HALF_TYPES)} are correctly rounded"


def inputs(dtype: str, largest: Largest) -> str:
    """Return how many inputs an error is the largest of."""
    return "all" if largest.inputs == 1 << int(dtype[-2:]) else f"{largest.inputs:,}"


def measured(name: str) -> str:
    """State the largest errors found, type by type."""
    return "\n".join(
        f"The largest found in {dtype}, over {inputs(dtype, largest)} inputs, is "
        f"{largest.error:.2f} ULP at\nx = {largest.x}."
        for (function, dtype, group), largest in MEASURED.items()
        if function == name and group == "fused" and largest.error > CORRECTLY_ROUNDED
    )


def see_also(name: str, others: dict[str, str]) -> str:
    """List the other functions."""
    return "\n".join(f"{other} : {what}" for other, what in others.items() if other != name)


EXACT = {
    "gelu": "exact GELU.",
    "gelu_grad": "its derivative.",
    "gelu_backward": "its derivative times the incoming gradient.",
    "gelu_tanh": "the tanh approximation.",
}
TANH = {
    "gelu_tanh": "GELU in its tanh approximation.",
    "gelu_tanh_grad": "its derivative.",
    "gelu_tanh_backward": "its derivative times the incoming gradient.",
    "gelu": "the exact form.",
}

VALUES = {
    "gelu": (
        "Gaussian error linear unit, exact: x times the standard normal distribution function.",
        rf"y = x\,\Phi(x), \quad {GAUSS}",
        "1.0",
        "0.8413447460685429",
    ),
    "gelu_tanh": (
        "Gaussian error linear unit in its tanh approximation.",
        rf"y = \tfrac{{x}}2 (1 + \tanh(v/2)) = x\,\sigma(v), \quad {SIGMA}",
        "1.0",
        "0.8411919906082768",
    ),
    "gelu_grad": (
        "Derivative of the exact GELU.",
        rf"y = \Phi(x) + x\,\varphi(x), \quad {GAUSS}, \quad "
        r"\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}",
        "0.0",
        "0.5",
    ),
    "gelu_tanh_grad": (
        "Derivative of GELU's tanh approximation.",
        rf"y = \sigma(v) + x\,\sigma(v)\,\sigma(-v)\,v'(x), \quad {SIGMA}",
        "0.0",
        "0.5",
    ),
}

BACKWARDS = {
    "gelu_backward": (
        "Gradient of the exact GELU: the incoming gradient times the derivative.",
        rf"dx = dy\,(\Phi(x) + x\,\varphi(x)), \quad {GAUSS}, \quad "
        r"\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}",
    ),
    "gelu_tanh_backward": (
        "Gradient of GELU's tanh approximation: the incoming gradient times the derivative.",
        rf"dx = dy\,(\sigma(v) + x\,\sigma(v)\,\sigma(-v)\,v'(x)), \quad {SIGMA}",
    ),
}


def docs() -> dict[str, str]:
    """Docstring of each ufunc."""
    result = {}
    for name, (summary, formula, at, value) in VALUES.items():
        error, rounded = limits(name)
        result[name] = VALUE.format(
            name=name,
            summary=summary,
            formula=formula,
            common=COMMON,
            raises=RAISES,
            limits=f"The error is {error}:\n"
            + (
                "the tail, subnormal results and the root"
                if "grad" in name
                else "the negative tail and subnormal results"
            )
            + f" included.\nResults in {rounded}.\n{measured(name)}",
            special=GRAD_SPECIAL if name.endswith("grad") else VALUE_SPECIAL,
            source=SOURCE,
            see=see_also(name, TANH if "tanh" in name else EXACT),
            at=at,
            value=value,
        )
    for name, (summary, formula) in BACKWARDS.items():
        grad = name.replace("backward", "grad")
        result[name] = BACKWARD.format(
            name=name,
            summary=summary,
            formula=formula,
            common=COMMON,
            raises=RAISES,
            grad=grad,
            limits=f"The error of ``{grad}(x)`` is {limits(grad)[0]};\n"
            "its product with `dy` is rounded once more.",
            see=see_also(name, TANH if "tanh" in name else EXACT),
        )
    return result


DOCS = docs()
