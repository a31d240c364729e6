"""Blocks of transformers in plain NumPy, and the part of their time that GELU takes.

A GPT-2 block (layer norm, causal attention, two dense layers with the tanh form between them) and a
block like Gemma's (root mean square norm, causal attention, GEGLU in the tanh form; without rotated
positions), forward and backward; a block of a vision transformer (exact form), forward. Each runs
with this package's functions of several operands, with separate calls of its GELU and NumPy, and
with formulas in NumPy and SciPy. One thread, float32. Run: python blocks.py
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from layers import (
    Array,
    Attention,
    BiasActivation,
    Chain,
    Dense,
    Gated,
    Linear,
    Norm,
    Residual,
    RootMeanSquareNorm,
    in_one_array,
)
from stopwatch import Stopwatch

import gelu_simd
from gelu_simd._compare.timing import reuse_freed_memory
from gelu_simd._functions import FUNCTIONS

#: A function of several operands, by the name of the ufunc.
Functions = Callable[[str], Callable[..., Any]]


class Size(NamedTuple):
    """Size of a block and of its input."""

    width: int
    hidden: int
    heads: int
    sequences: int
    tokens: int


def gpt2(size: Size, functions: Functions, rng: np.random.Generator) -> Chain:
    """Make a GPT-2 block."""
    return _of_two_layers(size, functions, "bias_gelu_tanh", rng, causal=True)


def vit(size: Size, functions: Functions, rng: np.random.Generator) -> Chain:
    """Make a vision transformer's block."""
    return _of_two_layers(size, functions, "bias_gelu", rng, causal=False)


def _of_two_layers(
    size: Size, functions: Functions, name: str, rng: np.random.Generator, causal: bool
) -> Chain:
    f, g = functions(name), functions(name + "_backward")
    return Chain(
        Residual(Norm(size.width), Attention(size.width, size.heads, rng, causal)),
        Residual(
            Norm(size.width),
            Linear(size.width, size.hidden, rng),
            BiasActivation(size.hidden, f, g),
            Dense(size.hidden, size.width, rng),
        ),
    )


def gemma(size: Size, functions: Functions, rng: np.random.Generator) -> Chain:
    """Make a block with GEGLU."""
    gate, up = (Linear(size.width, size.hidden, rng) for _ in range(2))
    f, g = functions("geglu_tanh"), functions("geglu_tanh_backward")
    return Chain(
        Residual(
            RootMeanSquareNorm(size.width), Attention(size.width, size.heads, rng, causal=True)
        ),
        Residual(
            RootMeanSquareNorm(size.width),
            Gated(gate, up, f, g),
            Linear(size.hidden, size.width, rng),
        ),
    )


class Block(NamedTuple):
    """A block, at the size of a published model."""

    title: str
    make: Callable[[Size, Functions, np.random.Generator], Chain]
    size: Size
    backward: bool = True


BLOCKS = [
    Block("GPT-2 small", gpt2, Size(768, 3072, 12, 1, 512)),
    Block("like Gemma 3 270M", gemma, Size(640, 2048, 4, 1, 512)),
    Block("ViT-B/16, forward", vit, Size(768, 3072, 12, 4, 197), backward=False),
]


# ---- the functions ----


def one_pass(name: str) -> Callable[..., Any]:
    """Return the ufunc."""
    return getattr(gelu_simd, name)


def separate(name: str) -> Callable[..., Any]:
    """Return the calls that the ufunc stands for, of our GELU and NumPy's sums and products."""
    return _composed(name, [getattr(gelu_simd, part) for part in _composition(name).factors])


def formulas(name: str) -> Callable[..., Any]:
    """Return the same with formulas for GELU and its derivative."""
    from gelu_simd._compare import formulas as known  # noqa: PLC0415 - imports SciPy

    calls = {
        "gelu": known.gelu_erf,
        "gelu_grad": known.gelu_grad_erf,
        "gelu_tanh": known.gelu_tanh_mul,
        "gelu_tanh_grad": known.gelu_tanh_grad_mul,
    }
    return _composed(name, [calls[part] for part in _composition(name).factors])


def _composition(name: str) -> Any:
    return FUNCTIONS[name].composition


def _composed(name: str, factors: list[Callable[[Array], Array]]) -> Callable[..., Any]:
    compute = partial(_composition(name).compute, *factors)
    if len(FUNCTIONS[name].results) > 1:
        return compute
    return lambda *operands: compute(*operands)[0]


WAYS: dict[str, Functions] = {
    "one pass": one_pass,
    "separate calls": separate,
    "formulas": formulas,
}


# ---- times ----


class Run:
    """A block with one way to compute GELU, and its times in milliseconds."""

    def __init__(self, block: Block, functions: Functions, seed: int = 23) -> None:
        rng = np.random.default_rng(seed)
        self.watch = Stopwatch()
        self.block = block.make(block.size, lambda name: self.watch.around(functions(name)), rng)
        in_one_array(self.block.parameters, np.float32)
        shape = (block.size.sequences, block.size.tokens, block.size.width)
        self.x, self.dy = (rng.standard_normal(shape, np.float32) for _ in range(2))
        self.backward = block.backward
        self.whole: list[float] = []
        self.inside: list[float] = []

    def once(self) -> None:
        """Run the block once."""
        self.watch.seconds = 0.0
        start = time.perf_counter()
        self.block.forward(self.x)
        if self.backward:
            self.block.backward(self.dy)
        self.whole.append(1e3 * (time.perf_counter() - start))
        self.inside.append(1e3 * self.watch.seconds)


def compare(block: Block, rounds: int) -> dict[str, Run]:
    """Run a block in all ways in turn, so that a slow phase of the machine meets each of them."""
    runs = {name: Run(block, functions) for name, functions in WAYS.items()}
    for run in runs.values():  # fills the caches and the allocator
        run.once()
        run.whole.clear()
        run.inside.clear()
    for _ in range(rounds):
        for run in runs.values():
            run.once()
    return runs


def print_table(block: Block, runs: dict[str, Run]) -> None:
    """Print a line for each way; ratios are those of the minimum."""
    size = block.size
    print(
        f"\n{block.title}: {size.sequences} x {size.tokens} tokens, "
        f"width {size.width}, hidden {size.hidden}\n"
        f"{'':16}{'block ms':>10}{'median':>9}{'ratio':>7}"
        f"{'GELU ms':>10}{'median':>9}{'ratio':>7}{'share':>8}"
    )
    ours = runs["one pass"]
    for name, run in runs.items():
        cells = ""
        for times, least in ((run.whole, min(ours.whole)), (run.inside, min(ours.inside))):
            cells += f"{min(times):10.2f}{statistics.median(times):9.2f}{min(times) / least:7.2f}"
        share = statistics.median(a / b for a, b in zip(run.inside, run.whole, strict=True))
        print(f"{name:16}{cells}{share:8.1%}")


def main(args: list[str] | None = None) -> int:
    """Print times; return the exit code."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - below it is looked for

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9, help="of each block in each way")
    options = parser.parse_args(args)
    if options.rounds < 1:
        parser.error("--rounds takes a whole number from 1 on")
    reuse_freed_memory()
    gelu_simd.set_num_threads(1)
    print(f"float32, one thread, level {gelu_simd.cpu_info()['isa']}")
    with threadpool_limits(1):
        for block in BLOCKS:
            print_table(block, compare(block, options.rounds))
    return 0


if __name__ == "__main__":
    needed = {"scipy": "scipy", "threadpoolctl": "threadpoolctl"}
    if absent := [name for module, name in needed.items() if not importlib.util.find_spec(module)]:
        sys.exit(f"blocks.py cannot find {' and '.join(absent)}: pip install {' '.join(absent)}")
    sys.exit(main())
