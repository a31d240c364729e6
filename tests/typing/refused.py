"""User code that type checkers must refuse, each line of it, and that raises when it is run."""

from typing import Any

import numpy as np

from gelu_simd import cpu_info, gelu, gelu_backward

x = np.ones(3, np.float32)

REFUSED: list[Any] = [
    lambda: gelu(out=x),
    lambda: gelu(x, x, x),
    lambda: gelu(object()),
    lambda: gelu({1.5, 2.5}),
    lambda: gelu(x, approximate="tanh"),
    lambda: gelu(x, axis=0),
    lambda: gelu(x, out=3),
    lambda: gelu(x, out=[1, 2, 3]),
    lambda: gelu(x, dtype=3),
    lambda: gelu(x, casting="wrong"),
    lambda: gelu(x, order="Z"),
    lambda: gelu(x, subok="yes"),
    lambda: gelu(x, dtype=np.float32, signature=3),
    lambda: gelu.outer(x, x),
    lambda: gelu.reduce(x),
    lambda: gelu.accumulate(x),
    lambda: gelu.reduceat(x, [0]),
    lambda: gelu.at(x),
    lambda: gelu_backward(x),
    lambda: gelu_backward(x, object()),
    lambda: gelu_backward(x, x, grad=x),
    lambda: gelu_backward(x, x, x, x),
    lambda: gelu_backward.outer(x),
    lambda: gelu_backward.at(x, [0]),
    lambda: cpu_info()["flags"],
    lambda: cpu_info(1),
]
