"""How many times faster gelu and gelu_tanh are than the formulas, and one call next to np.exp.

The two sides of a ratio are measured in turn. Run: python ratios.py
"""

from functools import partial

import numpy as np
from formulas import FORMULAS, erf
from inputs import arrays, reuse_freed_memory
from timing import alternate

import gelu_simd
from gelu_simd._verify import using

DTYPE = "float32"
COLUMNS = ["16Ki", "256Ki"]


def ratio(slow: partial, fast: partial) -> str:
    """Divide the time of `slow` by that of `fast`: the minima, and the medians."""
    timings = alternate({"slow": slow, "fast": fast})
    minimum, median = (s / f for s, f in zip(timings["slow"], timings["fast"], strict=True))
    return f"{minimum:9.2f}{median:9.2f}"


def print_table(level: str) -> None:
    """Print the ratios of one level."""
    print(f"\n{level:28}" + "".join(f"{f'n = {size}':>18}" for size in COLUMNS))
    print(f"{'':28}" + f"{'min':>9}{'median':>9}" * len(COLUMNS))
    for function in ("gelu", "gelu_tanh"):
        ufunc = getattr(gelu_simd, function)
        for formula in FORMULAS[function]:
            print(f"{formula.__name__ + ' / ' + function:28}", end="")
            for size in COLUMNS:
                x, _, out = arrays(DTYPE, size)
                print(ratio(partial(formula, x), partial(ufunc, x, out)), end="")
            print()
    x, _, out = arrays(DTYPE, "1")
    one_call = ratio(partial(gelu_simd.gelu, x, out), partial(np.exp, x, out))
    print(f"{'gelu / np.exp, n = 1':28}{one_call}")


def main() -> None:
    """Print every level in both states of the allocator."""
    print(f"Ratios of times, {DTYPE}, inputs 2*N(0,1), NumPy {np.__version__}")
    if erf is None:
        print("SciPy is not installed: gelu has no formula to compare with")
    levels = [level for level in gelu_simd.cpu_info()["available"] if level != "portable"]
    print("\nIn a fresh process, where the formulas wait for memory:")
    for level in levels:
        with using(level):
            print_table(level)
    reuse_freed_memory()
    print("\nAfter larger arrays were freed, the best case of the formulas:")
    for level in levels:
        with using(level):
            print_table(level)


if __name__ == "__main__":
    main()
