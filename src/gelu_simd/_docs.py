"""The ufuncs' docstrings, made of the records in `_functions` and the figures in `_measured`."""

import numpy as np

from gelu_simd._functions import CORRECTLY_ROUNDED, FUNCTIONS, OPERANDS, Composition, Function, Kind
from gelu_simd._measured import EXAMPLES, MEASURED, Largest
from gelu_simd._types import TYPES

TEMPLATE = """{summary}

.. math:: {formula}

Parameters
----------
{operands}
{out}
where : array_like of bool, optional
    Where False, `out` keeps its elements.
**kwargs
    The other keyword arguments of NumPy's ufuncs: ``dtype``, ``casting``, ``order``, ``subok``,
    ``signature``.

Returns
-------
{results} : ndarray or scalar
    {returns}

Raises
------
TypeError
    If an input is complex, longdouble or not numeric.
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

# An array of any type that the functions take; said where it is the only one.
TYPES_TAKEN = """\
float64, float32, float16 and, if ml_dtypes is installed,
    bfloat16 stay what they are; integers and bool are computed in float64."""

# Said after the last of several operands.
PROMOTION = """\
    All inputs are broadcast against each other.  They may be of any type that
    ``{factor}`` takes.
    The result is computed in the type that NumPy promotes them to, Python numbers following the
    array, and in float64 if that is integer or bool.  If NumPy defines no promotion, as for
    bfloat16 with float16, bfloat16 is treated as float32."""

VALUE_RETURNS = """\
`{name}` of each element of `x`, in the shape of `x`."""

COMPOSED_RETURNS = """\
{expressions}
    in one pass and without a temporary array; {bits}"""
ROUNDED_ONCE = """\
the same bits if the inputs are
    all float64 or all float32.  In float16 and bfloat16 it is the float32 result, rounded once."""
SAME_BITS = "the same bits in every type."

OUT = {
    1: """\
out : ndarray, optional
    Array to write to, of the shape the inputs broadcast to; it may be an input.""",
    2: """\
out : tuple of two ndarray or None, optional
    Arrays to write to, of the shape the inputs broadcast to; either may be an input.""",
}

# Special values, and where else the error keeps its limit, by order of the derivative.
SPECIAL = [
    "±0 and +∞ give themselves, −∞ gives −0, NaN gives NaN.",
    "±0 gives 0.5, +∞ gives 1, −∞ gives −0, NaN gives NaN.",
    "±0 gives 0.7978846 or the number of the type next to it, ±∞ gives −0, NaN gives NaN.",
]
THROUGHOUT = [
    "in the negative tail and in subnormal results too.",
    "in the tail, in subnormal results and around the root too.",
    "in the tails, in subnormal results and around the roots too.",
]
ULP = "1 ULP is the distance between neighbouring numbers of the type at the exact result."
UNDERFLOW = "Underflow is the only floating-point exception that a number can raise."

FORMS = {
    "exact": "the exact form",
    "tanh": "the tanh approximation",
    "quick": "the quick approximation",
}
# Its values and derivatives, by order.
ROLES = ["{form}.", "derivative of {form}.", "second derivative of {form}."]


def limits(name: str) -> tuple[str, str]:
    """State the limits on the error of an elementary function, and which types have none."""
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


def code(made: Composition) -> str:
    """Return the expressions of a composed function as code."""
    return " and ".join(f"``{expression}``" for expression in made.expressions)


def see_also(name: str) -> str:
    """List the other functions of the form, and the values of the other forms."""
    lines = []
    for other, row in FUNCTIONS.items():
        is_of_form = row.form == FUNCTIONS[name].form
        if other == name or not (is_of_form or row.kind is Kind.VALUE):
            continue
        if row.composition is None:
            role = ROLES[row.order].format(form=FORMS[row.form])
        else:
            role = f"{code(row.composition)}."
        lines.append(f"{other} : {role}")
    return "\n".join(lines)


def operands(row: Function) -> str:
    """Describe the inputs."""
    if len(row.operands) == 1:
        first = f"Input of any shape, dimensionless.  {TYPES_TAKEN}"
        return f"{row.operands[0]} : array_like\n    {first}"
    lines = [f"{name} : array_like\n    {OPERANDS[name].text}" for name in row.operands]
    return "\n".join([*lines, PROMOTION.format(factor=row.composition.factors[0])])


def composed(row: Function) -> tuple[str, str, str]:
    """State the results, errors and special values of a composed function."""
    made = row.composition
    same = ROUNDED_ONCE if made.rounds_once else SAME_BITS
    returns = COMPOSED_RETURNS.format(expressions=code(made), bits=same)
    errors, special = [], []
    for factor in made.factors:
        argument = FUNCTIONS[factor].operands[0]
        errors.append(f"The error of ``{factor}({argument})`` is {limits(factor)[0]}.")
        special.append(f"In ``{factor}({argument})``, {SPECIAL[FUNCTIONS[factor].order]}")
    if made.rounds_once:
        errors.append("What is made of it is rounded once more in each operation.")
    else:
        errors.append(f"Results in {limits(row.composition.factors[0])[1]}.")
    return returns, "\n".join(errors), "\n".join(special)


def examples(name: str) -> str:
    """Show two calls, with the results that the publisher stored."""
    calls = EXAMPLES.get(name, [])
    head = [">>> import numpy as np", f">>> from gelu_simd import {name}"]
    return "\n".join([*head, *calls])


def doc(row: Function) -> str:
    """Docstring of a function."""
    if row.composition is None:
        error, rounded = limits(row.name)
        returns = VALUE_RETURNS.format(name=row.name)
        errors = f"The error is {error},\n{THROUGHOUT[row.order]}\n{ULP}\nResults in {rounded}."
        errors = f"{errors}\n{measured(row.name)}"
        special = f"{SPECIAL[row.order]}\n{UNDERFLOW}"
    else:
        returns, errors, special = composed(row)
    return TEMPLATE.format(
        summary=row.summary,
        formula=row.formula,
        operands=operands(row),
        out=OUT[len(row.results)],
        results=", ".join(row.results),
        returns=returns,
        see_also=see_also(row.name),
        errors=errors,
        special=special,
        examples=examples(row.name),
    )


def calls() -> str:
    """List all functions with their operands."""
    rows = FUNCTIONS.values()
    return "".join(f"{row.name}({', '.join(row.operands)})\n    {row.summary}\n" for row in rows)


DOCS = {name: doc(row) for name, row in FUNCTIONS.items()}
