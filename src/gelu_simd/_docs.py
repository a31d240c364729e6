"""The ufuncs' docstrings and signatures, with the errors of `_limits` and `_measured` filled in."""

from typing import Any

import numpy as np

from gelu_simd._functions import CORRECTLY_ROUNDED, FUNCTIONS
from gelu_simd._measured import MEASURED, Largest

VALUE = """{summary}

.. math:: {formula}

Parameters
----------
x : array_like
    Input of any shape, dimensionless.  float64, float32, float16 and, if ml_dtypes is installed,
    bfloat16 stay what they are; integers and bool are computed in float64.
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
>>> {name}(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))
array([{double}])
>>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)
>>> {name}(x, out=x)  # in place
array([{half}], dtype=float16)
"""

BACKWARD = """{summary}

.. math:: {formula}

Parameters
----------
dy : array_like
    Derivative of the loss with respect to the output of the forward pass.
x : array_like
    Input of the forward pass, dimensionless.  `dy` and `x` are broadcast against each other.
    Both may be of any type that ``{grad}`` takes.  The result is computed in the type that
    NumPy promotes them to, Python numbers following the array, and in float64 if that is integer
    or bool.  Where it has none, bfloat16 counts as float32.
{common}

Returns
-------
dx : ndarray or scalar
    ``dy * {grad}(x)`` in one pass and without a temporary array; the same bits if
    `dy` and `x` are both float64 or both float32.  In float16 and bfloat16 it is the float32
    result, rounded once.

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
>>> x = np.array([-1.0, 0.0, 1.0])
>>> {name}(np.array([1.0, 2.0, 3.0]), x)
array([{double}])
>>> {name}(2, x.astype(np.float16))
array([{half}], dtype=float16)
"""

COMMON = """\
out : ndarray, optional
    Array to write to, of the shape the inputs broadcast to; it may be an input.
where : array_like of bool, optional
    Where False, `out` keeps what it held.
**kwargs
    The other keyword arguments of NumPy's ufuncs: ``dtype``, ``casting``, ``order``, ``subok``,
    ``signature``."""

RAISES = """\
Raises
------
TypeError
    If an input is complex, longdouble or not numeric.
ValueError
    If the shapes do not broadcast."""

SOURCE = "Source: D. Hendrycks and K. Gimpel, Gaussian Error Linear Units, arXiv:1606.08415 (2016)."

GAUSS = r"\Phi(x) = \tfrac12 \operatorname{erfc}(-x/\sqrt2)"
SIGMA = r"\sigma(v) = 1/(1 + e^{-v}), \quad v = 2\sqrt{2/\pi}\,(x + 0.044715\,x^3)"
VALUE_SPECIAL = "±0 and +∞ give themselves, −∞ gives −0, NaN gives NaN."
GRAD_SPECIAL = "±0 gives 0.5, +∞ gives 1, −∞ gives −0, NaN gives NaN."
ULP = "1 ULP is the distance between neighbouring numbers of the type at the exact result."
UNDERFLOW = "Underflow is the only floating-point exception that a number can raise."


def limits(name: str) -> tuple[str, str]:
    """State the limits on the error of an elementary function, and which types have none."""
    rows = FUNCTIONS[name].limits.items()
    errors = [f"{most:g} ULP in {dtype}" for dtype, most in rows if most > CORRECTLY_ROUNDED]
    rounded = [dtype for dtype, most in rows if most == CORRECTLY_ROUNDED]
    return f"at most {' and '.join(errors)}", f"{' and '.join(rounded)} are correctly rounded"


def inputs(dtype: str, largest: Largest) -> str:
    """Return how many inputs an error is the largest of."""
    return "all" if largest.inputs == 1 << int(dtype[-2:]) else f"{largest.inputs:,}"


def decimal(dtype: str, largest: Largest) -> str:
    """Return the input where an error is largest, in the digits that tell it from others."""
    return str(np.dtype(dtype).type(float.fromhex(largest.x)))


def measured(name: str) -> str:
    """State the largest errors found, type by type."""
    return "\n".join(
        f"The largest found with SIMD, in {dtype} over {inputs(dtype, largest)} inputs,\n"
        f"is {largest.error:.2f} ULP at x = {decimal(dtype, largest)}."
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
        "-0.04550026, -0.15865525,  0.        ,  0.84134475,  1.95449974",
        "-0.0455, -0.1587,  0.    ,  0.8413,  1.954 ",
    ),
    "gelu_tanh": (
        "Gaussian error linear unit in its tanh approximation.",
        rf"y = \tfrac{{x}}2 (1 + \tanh(v/2)) = x\,\sigma(v), \quad {SIGMA}",
        "-0.04540231, -0.15880801,  0.        ,  0.84119199,  1.95459769",
        "-0.0454, -0.1588,  0.    ,  0.8413,  1.955 ",
    ),
    "gelu_grad": (
        "Derivative of the exact GELU.",
        rf"y = \Phi(x) + x\,\varphi(x), \quad {GAUSS}, \quad "
        r"\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}",
        "-0.0852318 , -0.08331547,  0.5       ,  1.08331547,  1.0852318 ",
        "-0.0852, -0.0833,  0.5   ,  1.083 ,  1.085 ",
    ),
    "gelu_tanh_grad": (
        "Derivative of GELU's tanh approximation.",
        rf"y = \sigma(v) + x\,\sigma(v)\,\sigma(-v)\,v'(x), \quad {SIGMA}",
        "-0.08609926, -0.08296408,  0.5       ,  1.08296408,  1.08609926",
        "-0.0861 , -0.08295,  0.5    ,  1.083  ,  1.086  ",
    ),
}

BACKWARDS = {
    "gelu_backward": (
        "Gradient of the exact GELU: the incoming gradient times the derivative.",
        rf"dx = dy\,(\Phi(x) + x\,\varphi(x)), \quad {GAUSS}, \quad "
        r"\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}",
        "-0.08331547,  1.        ,  3.24994641",
        "-0.1666,  1.    ,  2.166 ",
    ),
    "gelu_tanh_backward": (
        "Gradient of GELU's tanh approximation: the incoming gradient times the derivative.",
        rf"dx = dy\,(\sigma(v) + x\,\sigma(v)\,\sigma(-v)\,v'(x)), \quad {SIGMA}",
        "-0.08296408,  1.        ,  3.24889225",
        "-0.1659,  1.    ,  2.166 ",
    ),
}


def docs() -> dict[str, str]:
    """Docstring of each ufunc."""
    result = {}
    for name, (summary, formula, double, half) in VALUES.items():
        error, rounded = limits(name)
        result[name] = VALUE.format(
            name=name,
            summary=summary,
            formula=formula,
            common=COMMON,
            raises=RAISES,
            limits=f"The error is {error},\n"
            + (
                "in the tail, in subnormal results and around the root too."
                if "grad" in name
                else "in the negative tail and in subnormal results too."
            )
            + f"\n{ULP}\nResults in {rounded}.\n{measured(name)}",
            special=f"{GRAD_SPECIAL if name.endswith('grad') else VALUE_SPECIAL}\n{UNDERFLOW}",
            source=SOURCE,
            see=see_also(name, TANH if "tanh" in name else EXACT),
            double=double,
            half=half,
        )
    for name, (summary, formula, double, half) in BACKWARDS.items():
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
            special=f"In ``{grad}(x)``, {GRAD_SPECIAL}",
            source=SOURCE,
            double=double,
            half=half,
            see=see_also(name, TANH if "tanh" in name else EXACT),
        )
    return result


def name_operands(gradient: Any) -> None:
    """Call a gradient's operands `dy` and `x`, not `x1` and `x2`, in what `help` shows.

    NumPy lets nothing of a ufunc be set before 2.2, and gives it no signature before 2.4.
    """
    try:
        gradient.__doc__ = gradient.__doc__.replace("(x1, x2,", "(dy, x,", 1)
    except AttributeError:
        return
    signature = getattr(gradient, "__signature__", None)
    if signature is not None:
        dy, x, *others = signature.parameters.values()
        gradient.__signature__ = signature.replace(
            parameters=[dy.replace(name="dy"), x.replace(name="x"), *others]
        )


DOCS = docs()
