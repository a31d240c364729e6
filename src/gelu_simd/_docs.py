"""The ufuncs' docstrings, made of the records in `_functions` and the figures in `_measured`."""

import functools
import textwrap
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from gelu_simd._functions import (
    CORRECT,
    CORRECTLY_ROUNDED,
    FAST,
    FUNCTIONS,
    OPERANDS,
    Composition,
    Function,
    Kind,
    Tier,
)
from gelu_simd._measured import EXAMPLES, MEASURED, Largest
from gelu_simd._types import NARROW_FLOATS, NARROW_POSITIVE, TYPES

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
    If an input is {refused} or not numeric.
ValueError
    If the shapes do not broadcast.

See Also
--------
{see_also}

Notes
-----
{errors}

{narrow}

{special}

Source: D. Hendrycks and K. Gimpel, Gaussian Error Linear Units, arXiv:1606.08415 (2016).

Examples
--------
{examples}
"""


class Words(NamedTuple):
    """What the docstrings of a tier say of types."""

    taken: str  #: of the only operand, an array of any type that the functions take
    integers: str  #: of promoted operands
    refused: str
    plain: str  #: types that are computed in themselves


WORDS = {
    FAST.name: Words(
        taken="""\
float64, float32, float16 and, if ml_dtypes is installed,
    bfloat16, float8, float6 and float4 stay what they are; integers and bool are computed in
    float64.""",
        integers=", and in float64 if that is integer or bool",
        refused="complex, longdouble",
        plain="float64 or all float32",
    ),
    CORRECT.name: Words(
        taken="""\
float32, float16 and, if ml_dtypes is installed, bfloat16,
    float8, float6 and float4 stay what they are.""",
        integers="",
        refused="float64, an integer or bool, which count as float64, or if it is complex,\n"
        "    longdouble",
        plain="float32",
    ),
}

# Said after the last of several operands.
PROMOTION = """\
    All inputs are broadcast against each other.  They may be of any type that
    ``{factor}`` takes.
    The result is computed in the type that NumPy promotes them to, Python numbers following the
    array{integers}.  If NumPy defines no promotion, as for
    bfloat16 with float16, bfloat16 is treated as float32."""

VALUE_RETURNS = """\
`{name}` of each element of `x`, in the shape of `x`."""

COMPOSED_RETURNS = """\
{expressions}
    in one pass and without a temporary array; {bits}"""
ROUNDED_ONCE = """\
the same bits if the inputs are
    all {plain}.  In smaller types it is the float32 result, rounded once."""
SAME_BITS = "the same bits in every type."

OUT = {
    1: """\
out : ndarray, optional
    Array to write to, of the shape the inputs broadcast to; it may be an input.  It may be of any
    type that ``casting`` lets the result be converted to.""",
    2: """\
out : tuple of two ndarray or None, optional
    Arrays to write to, of the shape the inputs broadcast to; either may be an input.  They may be
    of any type that ``casting`` lets the results be converted to.""",
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
NEAREST = """\
Results are correctly rounded in every type: each is the number of the type that is nearest to the
exact value, and the even one of two that are equally near;
{throughout}
All 2^32 float32 inputs are proven."""
ULP = "1 ULP is the distance between neighbouring numbers of the type at the exact result."
UNDERFLOW = "Underflow is the only floating-point exception that a number can raise."

# Of the types of ml_dtypes but bfloat16.
NARROW = """\
The types of ml_dtypes with 8 bits and fewer are computed in float32 and rounded once, to the
nearest number. Beyond the largest number they give {beyond}. 0 and negative numbers become NaN in
{positive}, which lacks them. An `out` of float64, float32, bfloat16 or the type itself takes the
results; float16 may need ``casting="unsafe"``."""

FORMS = {
    "exact": "the exact form",
    "tanh": "the tanh approximation",
    "quick": "the quick approximation",
}
# Its values and derivatives, by order.
ROLES = ["{form}.", "derivative of {form}.", "second derivative of {form}."]


def listed(words: Iterable[str]) -> str:
    """Return words as in a sentence."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


@functools.cache
def narrow() -> str:
    """State which types of 8 bits and fewer there are, and how they round."""
    names: dict[str, list[str]] = {}
    for name, result in NARROW_FLOATS.items():
        names.setdefault(result, []).append(name)
    beyond = "; ".join(f"{result} in {listed(names[result])}" for result in names)
    text = NARROW.format(beyond=beyond, positive=listed(NARROW_POSITIVE))
    return textwrap.fill(text, 90)


def limits(name: str) -> tuple[str, str]:
    """State the limits on the error of an elementary function, and which types have none."""
    rows = FUNCTIONS[name].limits.items()
    errors = [f"{most:g} ULP in {dtype}" for dtype, most in rows if most > CORRECTLY_ROUNDED]
    rounded = [dtype for dtype, most in rows if most == CORRECTLY_ROUNDED]
    types = listed([*rounded, "the types of 8 bits and fewer"])
    return f"at most {listed(errors)}", f"{types} are correctly rounded"


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
    """List the tier's other functions of the form, and the values of the other forms.

    In another tier than the package's own the function of the same name there comes first.
    """
    this, lines = FUNCTIONS[name], []
    if this.tier is not FAST:
        lines.append(f"{FAST.module}.{this.public} : faster, and for all types.")
    for other, row in FUNCTIONS.items():
        if other == name or row.tier is not this.tier:
            continue
        if row.form != this.form and row.kind is not Kind.VALUE:
            continue
        if row.composition is None:
            role = ROLES[row.order].format(form=FORMS[row.form])
        else:
            role = f"{code(row.composition)}."
        lines.append(f"{row.public} : {role}")
    return "\n".join(lines)


def operands(row: Function) -> str:
    """Describe the inputs."""
    words = WORDS[row.tier.name]
    if len(row.operands) == 1:
        first = f"Input of any shape, dimensionless.  {words.taken}"
        return f"{row.operands[0]} : array_like\n    {first}"
    lines = [f"{name} : array_like\n    {OPERANDS[name].text}" for name in row.operands]
    factor = FUNCTIONS[row.composition.factors[0]].public
    return "\n".join([*lines, PROMOTION.format(factor=factor, integers=words.integers)])


def elementary(row: Function) -> tuple[str, str, str]:
    """State the results, errors and special values of an elementary function."""
    throughout = THROUGHOUT[row.order]
    if row.tier is CORRECT:
        errors = NEAREST.format(throughout=throughout)
    else:
        error, rounded = limits(row.name)
        errors = f"The error is {error},\n{throughout}\n{ULP}\nResults in {rounded}."
        errors = f"{errors}\n{measured(row.name)}"
    returns = VALUE_RETURNS.format(name=row.public)
    return returns, errors, f"{SPECIAL[row.order]}\n{UNDERFLOW}"


def composed(row: Function) -> tuple[str, str, str]:
    """State the results, errors and special values of a composed function."""
    made = row.composition
    same = SAME_BITS
    if made.rounds_once:
        same = ROUNDED_ONCE.format(plain=WORDS[row.tier.name].plain)
    returns = COMPOSED_RETURNS.format(expressions=code(made), bits=same)
    errors, special = [], []
    for factor in map(FUNCTIONS.__getitem__, made.factors):
        call = f"``{factor.public}({factor.operands[0]})``"
        if row.tier is CORRECT:
            errors.append(f"{call} is correctly rounded.")
        else:
            errors.append(f"The error of {call} is {limits(factor.name)[0]}.")
        special.append(f"In {call}, {SPECIAL[factor.order]}")
    if made.rounds_once:
        errors.append("What is made of it is rounded once more in each operation.")
    else:
        errors.append(f"Results in {limits(row.composition.factors[0])[1]}.")
    return returns, "\n".join(errors), "\n".join(special)


def examples(name: str) -> str:
    """Show two calls, with the results that the publisher stored."""
    calls = EXAMPLES.get(name, [])
    row = FUNCTIONS[name]
    head = [">>> import numpy as np", f">>> from {row.tier.module} import {row.public}"]
    return "\n".join([*head, *calls])


def doc(row: Function) -> str:
    """Docstring of a function."""
    returns, errors, special = (elementary if row.composition is None else composed)(row)
    return TEMPLATE.format(
        summary=row.summary,
        formula=row.formula,
        operands=operands(row),
        out=OUT[len(row.results)],
        results=", ".join(row.results),
        returns=returns,
        refused=WORDS[row.tier.name].refused,
        see_also=see_also(row.name),
        errors=errors,
        narrow=narrow(),
        special=special,
        examples=examples(row.name),
    )


def calls(tier: Tier) -> str:
    """List the functions of a tier with their operands."""
    rows = [row for row in FUNCTIONS.values() if row.tier is tier]
    return "".join(f"{row.public}({', '.join(row.operands)})\n    {row.summary}\n" for row in rows)


DOCS = {name: doc(row) for name, row in FUNCTIONS.items()}
