"""Astropy's quantities: what the functions take must be dimensionless, and so are the results."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from astropy.units import UnitsError, UnitTypeError, dimensionless_unscaled
from astropy.units.quantity_helper import UFUNC_HELPERS

from gelu_simd._ufuncs import ufuncs


def attach() -> None:
    """Add the ufuncs to those that Astropy knows."""
    UFUNC_HELPERS.update(dict.fromkeys(ufuncs.values(), _converters_and_unit))


def _converters_and_unit(ufunc: np.ufunc, *units: Any) -> tuple[list[Callable | None], Any]:
    """Return the conversion of each operand to a number, and the unit of the results."""
    one = dimensionless_unscaled
    converters = [
        None if unit is None or unit == one else partial(_number, ufunc, unit) for unit in units
    ]
    return converters, one if ufunc.nout == 1 else (one,) * ufunc.nout


def _number(ufunc: np.ufunc, unit: Any, value: Any) -> Any:
    try:
        return unit.to(dimensionless_unscaled, value)
    except UnitsError:
        raise UnitTypeError(
            f"Can only apply '{ufunc.__name__}' function to dimensionless quantities"
        ) from None
