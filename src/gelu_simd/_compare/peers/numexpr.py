"""numexpr."""

from __future__ import annotations

from functools import partial

import numpy as np

from gelu_simd._compare.peers.ways import Arrays, Way, Ways
from gelu_simd._functions import FUNCTIONS, Kind


def load(threads: int | None) -> Ways:
    """Expressions of the tanh form, as numexpr has no erf; constants of the array's type."""
    import numexpr  # noqa: PLC0415

    from gelu_simd._compare import formulas as f  # noqa: PLC0415 - imports SciPy

    if threads is not None:
        numexpr.set_num_threads(threads)
    t = "tanh(c * (x + k * (x * x * x)))"
    grad = f"(half * (one + {t}) + half * x * (one - {t} * {t}) * (c * (one + three * k * x * x)))"
    expressions = {
        ("tanh", Kind.VALUE): f"half * x * (one + {t})",
        ("tanh", Kind.DERIVATIVE): grad,
        ("tanh", Kind.GRADIENT): f"dy * {grad}",
    }
    constants = {"half": 0.5, "one": 1, "three": 3, "c": f.SQRT_2_OVER_PI, "k": f.CUBIC}

    def ways(function: str, a: Arrays) -> dict[str, Way]:
        expression = expressions.get(FUNCTIONS[function].place)
        if expression is None or a.x.dtype not in (np.float32, np.float64):
            return {}
        names = {name: a.x.dtype.type(value) for name, value in constants.items()}
        names |= {"x": a.x, "dy": a.dy}
        return {"out": Way(partial(numexpr.evaluate, expression, names, out=a.out))}

    return ways
