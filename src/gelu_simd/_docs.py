"""The ufuncs' docstrings, made of the records in `_functions` and the figures in `_measured`."""

import numpy as np

from gelu_simd._functions import (
    CORRECT,
    CORRECTLY_ROUNDED,
    FAST,
    FUNCTIONS,
    Function,
    Kind,
    Tier,
)
from gelu_simd._measured import EXAMPLES, MEASURED, Largest
from gelu_simd._types import TYPES

TEMPLATE = """{summary}

.. math:: {formula}

Parameters
----------
{operands}
out : ndarray, optional
    Array to write to, of the shape the inputs broadcast to; it may be an input.
where : array_like of bool, optional
    Where False, `out` keeps its elements.
**kwargs
    The other keyword arguments of NumPy's ufuncs: ``dtype``, ``casting``, ``order``, ``subok``,
    ``signature``.

Returns
-------
{result} : ndarray or scalar
    {returns}

Raises
------
TypeError
    If an input is {refused} or not numeric.
ValueError
    If the shapes do not broadcast.

See Also
--------
{see_also}

Notes
-----
{errors}

{special}

Source: D. Hendrycks and K. Gimpel, Gaussian Error Linear Units, arXiv:1606.08415 (2016).

Examples
--------
{examples}
"""

OPERANDS = {
    ("x",): """\
x : array_like
    Input of any shape, dimensionless.  {types}""",
    ("dy", "x"): """\
dy : array_like
    Derivative of the loss with respect to the output of the forward pass.
x : array_like
    Input of the forward pass, dimensionless.  `dy` and `x` are broadcast against each other.
    Both may be of any type that ``{factor}`` takes.  The result is computed in the type that
    NumPy promotes them to, Python numbers following the array{promoted}.  If NumPy defines no
    promotion, as for bfloat16 with float16, bfloat16 is treated as float32.""",
}

# What the tiers say of types: of those taken, of a product's, and of those refused.
TYPES_TAKEN = {
    FAST.module: """\
float64, float32, float16 and, if ml_dtypes is installed,
    bfloat16 stay what they are; integers and bool are computed in float64.""",
    CORRECT.module: """\
float32, float16 and, if ml_dtypes is installed, bfloat16
    stay what they are.""",
}
PROMOTED = {FAST.module: ", and in float64 if\n    that is integer or bool", CORRECT.module: ""}
REFUSED = {
    FAST.module: "complex, longdouble",
    CORRECT.module: "float64, or an integer or bool, which count as float64; if it is complex,\n"
    "    longdouble",
}

VALUE_RETURNS = """\
`{name}` of each element of `x`, in the shape of `x`."""

PRODUCT_RETURNS = """\
``dy * {factor}(x)`` in one pass and without a temporary array; the same bits if
    `dy` and `x` are both {plain}.  In float16 and bfloat16 it is the float32
    result, rounded once."""
PLAIN = {FAST.module: "float64 or both float32", CORRECT.module: "float32"}

# Special values, and where else the error keeps its limit, by order of the derivative.
SPECIAL = [
    "±0 and +∞ give themselves, −∞ gives −0, NaN gives NaN.",
    "±0 gives 0.5, +∞ gives 1, −∞ gives −0, NaN gives NaN.",
]
THROUGHOUT = [
    "in the negative tail and in subnormal results too.",
    "in the tail, in subnormal results and around the root too.",
]
NEAREST = """\
The result is correctly rounded in every type: it is the number of the type that is nearest to
the exact value, the even one of two equally near ones, {throughout}
All 2^32 float32 inputs are proven."""
ULP = "1 ULP is the distance between neighbouring numbers of the type at the exact result."
UNDERFLOW = "Underflow is the only floating-point exception that a number can raise."

FORMS = {"exact": "the exact form", "tanh": "the tanh approximation"}
# Its values and derivatives, by order.
ROLES = ["{form}.", "derivative of {form}."]


def limits(name: str) -> tuple[str, str]:
    """State the limits on the error of an elementary function, and which types need none."""
    rows = FUNCTIONS[name].limits.items()
    errors = [f"{most:g} ULP in {dtype}" for dtype, most in rows if most > CORRECTLY_ROUNDED]
    rounded = [dtype for dtype, most in rows if most == CORRECTLY_ROUNDED]
    return f"at most {' and '.join(errors)}", f"{' and '.join(rounded)} are correctly rounded"


def inputs(dtype: str, largest: Largest) -> str:
    """Return the number of inputs that were checked, "all" if no other exist."""
    return "all" if largest.inputs == 1 << 8 * TYPES[dtype].size else f"{largest.inputs:,}"


def decimal(dtype: str, largest: Largest) -> str:
    """Return the input of the largest error in the fewest digits that identify it."""
    return str(np.dtype(dtype).type(float.fromhex(largest.x)))


def measured(name: str) -> str:
    """State the largest errors of the SIMD levels, type by type."""
    return "\n".join(
        f"The largest found with SIMD, in {dtype} over {inputs(dtype, largest)} inputs,\n"
        f"is {largest.error:.2f} ULP at x = {decimal(dtype, largest)}."
        for (function, dtype, group), largest in MEASURED.items()
        if function == name and group == "fused" and largest.error > CORRECTLY_ROUNDED
    )


def see_also(name: str) -> str:
    """List the tier's other functions of the form, and the values of the other forms.

    A function that has the name in the tier for all else comes first.
    """
    lines, this = [], FUNCTIONS[name]
    if this.tier is not FAST:
        lines.append(f"{FAST.module}.{this.public} : faster, and for all types.")
    for other, row in FUNCTIONS.items():
        is_of_form = row.form == this.form
        if other == name or row.tier is not this.tier:
            continue
        if not (is_of_form or row.kind is Kind.VALUE):
            continue
        if row.product_of is None:
            role = ROLES[row.order].format(form=FORMS[row.form])
        else:
            role = f"{row.operands[0]} times ``{FUNCTIONS[row.product_of].public}(x)``."
        lines.append(f"{row.public} : {role}")
    return "\n".join(lines)


def examples(name: str) -> str:
    """Show two calls, with the results that the publisher stored."""
    calls = EXAMPLES.get(name, [])
    row = FUNCTIONS[name]
    head = [">>> import numpy as np", f">>> from {row.tier.module} import {row.public}"]
    return "\n".join([*head, *calls])


def doc(row: Function) -> str:
    """Docstring of a function."""
    factor = None
    if row.product_of is None:
        returns = VALUE_RETURNS
        if row.tier is CORRECT:
            errors = NEAREST.format(throughout=THROUGHOUT[row.order])
        else:
            error, rounded = limits(row.name)
            errors = (
                f"The error is {error},\n{THROUGHOUT[row.order]}\n{ULP}\n"
                f"Results in {rounded}.\n{measured(row.name)}"
            )
        special = f"{SPECIAL[row.order]}\n{UNDERFLOW}"
    else:
        returns = PRODUCT_RETURNS
        factor = FUNCTIONS[row.product_of].public
        error = (
            "half an ULP" if row.tier is CORRECT else limits(row.product_of)[0]
        )
        errors = (
            f"The error of ``{factor}(x)`` is {error};\n"
            f"its product with `{row.operands[0]}` is rounded once more."
        )
        special = f"In ``{factor}(x)``, {SPECIAL[FUNCTIONS[row.product_of].order]}"
    operands = OPERANDS[row.operands].format(
        factor=factor, types=TYPES_TAKEN[row.tier.module], promoted=PROMOTED[row.tier.module]
    )
    return TEMPLATE.format(
        summary=row.summary,
        formula=row.formula,
        operands=operands,
        result=row.results[0],
        returns=returns.format(name=row.public, factor=factor, plain=PLAIN[row.tier.module]),
        refused=REFUSED[row.tier.module],
        see_also=see_also(row.name),
        errors=errors,
        special=special,
        examples=examples(row.name),
    )


def calls(tier: Tier) -> str:
    """List the functions of a tier with their operands."""
    rows = [row for row in FUNCTIONS.values() if row.tier is tier]
    return "".join(f"{row.public}({', '.join(row.operands)})\n    {row.summary}\n" for row in rows)


DOCS = {name: doc(row) for name, row in FUNCTIONS.items()}
