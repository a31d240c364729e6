"""Time by range of the inputs, as a part of that of 2*N(0, 1), at 16 Ki: python ranges.py."""

from functools import partial

import numpy as np

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._compare.peers.ways import Way
from gelu_simd._compare.timing import alternate
from gelu_simd._functions import ELEMENTARY, FUNCTIONS
from gelu_simd._levels import using
from gelu_simd._types import finfo

N = 1 << 14


def ranges(dtype: np.dtype) -> dict[str, np.ndarray]:
    """Return inputs: ordinary ones, the tail as it becomes subnormal and gone, extremes."""
    rng = np.random.default_rng(20)
    info = finfo(dtype)
    end = -float(np.sqrt(-2 * np.log(float(info.smallest_normal))))  # about where the tail is
    numbers = {
        "2*N(0,1)": 2 * rng.standard_normal(N),
        "tail": rng.uniform(1.1 * end, end, N),
        "gone": rng.uniform(4 * end, 2 * end, N),
        "subnormal": rng.uniform(-1, 1, N) * float(info.smallest_normal),
        "large": rng.uniform(-6e4, 6e4, N),
        "-inf": np.full(N, -np.inf),
        "NaN": np.full(N, np.nan),
    }
    return {name: x.astype(dtype) for name, x in numbers.items()}


def main() -> None:
    """Print a row for each function, type and level."""
    names = ranges(np.dtype(np.float32))
    print(f"{'':37}" + "".join(f"{name:>11}" for name in names))
    for level in gelu_simd.cpu_info()["available"]:
        for dtype in _ufuncs.dtypes:
            for function in ELEMENTARY:
                if dtype.name not in FUNCTIONS[function].types:
                    continue
                ufunc = _ufuncs.ufuncs[function]
                with using(level):
                    calls = {
                        name: Way(partial(ufunc, x, x.copy())) for name, x in ranges(dtype).items()
                    }
                    timings = alternate(calls, seconds=0.15)
                least = [timing.minimum for timing in timings.values()]
                cells = "".join(f"{t / least[0]:11.2f}" for t in least)
                print(f"{level:9}{dtype.name:10}{function:18}{cells}", flush=True)


if __name__ == "__main__":
    main()
