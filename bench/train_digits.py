"""Train two small networks on scikit-learn's digits, with this package's GELU and its gradients.

An MLP and a vision transformer of one block, in plain NumPy, each with ReLU, GELU, the tanh form,
the same two by NumPy and SciPy formulas, GELU in float16 with float32 master weights, and GEGLU,
whose hidden layers are two, each of two thirds of the width. All see the same images in the same
order, and all but GEGLU start from the same weights. They take their epochs in turn, so that a slow
phase of the machine meets each of them. Run: python train_digits.py
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import io
import json
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pictures
from layers import (
    Activation,
    AdamW,
    Array,
    Attention,
    Chain,
    Dense,
    Gated,
    Layer,
    MeanOfTokens,
    Norm,
    Patches,
    Positions,
    Residual,
    cross_entropy,
    in_one_array,
)
from stopwatch import Stopwatch

import gelu_simd
from gelu_simd._compare.formulas import (
    gelu_backward_erf,
    gelu_erf,
    gelu_tanh_backward_mul,
    gelu_tanh_mul,
)
from gelu_simd._compare.timing import reuse_freed_memory

SIDE, CLASSES = 8, 10  # of the images
TESTED = 360  # images of the 1797
FULL, QUICK = (5, 10), (2, 4)  # seeds and epochs
BATCH = 32
RATE, BETAS, DECAY = 1e-2, (0.9, 0.98), 0.05
WARM_UP = 0.1  # of the steps, in which the learning rate rises; then it falls to 0
LOSS_SCALE = 1024.0  # lifts float16 gradients out of the subnormal numbers


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def relu_backward(dy: Array, x: Array) -> Array:
    return dy * (x > 0)


def geglu_erf(gate: Array, up: Array) -> Array:
    return gelu_erf(gate) * up


def geglu_backward_erf(dy: Array, gate: Array, up: Array) -> tuple[Array, Array]:
    return gelu_backward_erf(dy * up, gate), dy * gelu_erf(gate)


class Hidden(NamedTuple):
    """A hidden layer, and the width of its result."""

    layer: Layer
    width: int


NewHidden = Callable[[int, int, np.random.Generator], Hidden]  # of inputs, width


def dense(f: Callable, g: Callable) -> NewHidden:
    """Return what makes dense layers with an activation f and its gradient g."""

    def new(inputs: int, width: int, rng: np.random.Generator) -> Hidden:
        return Hidden(Chain(Dense(inputs, width, rng), Activation(f, g)), width)

    return new


def gated(f: Callable, g: Callable) -> NewHidden:
    """Return what makes gated layers: two thirds as wide, for about as many weights."""

    def new(inputs: int, width: int, rng: np.random.Generator) -> Hidden:
        width = round(width * 2 / 3)
        return Hidden(Gated(Dense(inputs, width, rng), Dense(inputs, width, rng), f, g), width)

    return new


class Variant(NamedTuple):
    """An activation, its gradient, the type they run in, and the hidden layers around them."""

    name: str
    f: Callable[..., Array]
    g: Callable[..., Any]
    dtype: str = "float32"
    around: Callable[[Callable, Callable], NewHidden] = dense

    def hidden(self) -> NewHidden:
        """Return what makes hidden layers."""
        return self.around(self.f, self.g)


VARIANTS = [
    Variant("ReLU", relu, relu_backward),
    Variant("GELU", gelu_simd.gelu, gelu_simd.gelu_backward),
    Variant("GELU, SciPy erf", gelu_erf, gelu_backward_erf),
    Variant("GELU tanh", gelu_simd.gelu_tanh, gelu_simd.gelu_tanh_backward),
    Variant("GELU tanh, NumPy", gelu_tanh_mul, gelu_tanh_backward_mul),
    Variant("GELU float16", gelu_simd.gelu, gelu_simd.gelu_backward, "float16"),
    Variant("GEGLU", gelu_simd.geglu, gelu_simd.geglu_backward, around=gated),
    Variant("GEGLU, SciPy erf", geglu_erf, geglu_backward_erf, around=gated),
]


def mlp(new: NewHidden, rng: np.random.Generator, width: int = 256) -> Chain:
    """Two hidden layers."""
    first = new(SIDE**2, width, rng)
    second = new(first.width, width, rng)
    return Chain(first.layer, second.layer, Dense(second.width, CLASSES, rng))


def vit(new: NewHidden, rng: np.random.Generator, width: int = 32, heads: int = 2) -> Chain:
    """One transformer block on patches of 2 x 2 pixels."""
    patch = 2
    patches = Dense(patch**2, width, rng)
    positions = Positions((SIDE // patch) ** 2, width, rng)
    attention = Attention(width, heads, rng)
    hidden = new(width, 4 * width, rng)
    return Chain(
        Patches(SIDE, patch),
        patches,
        positions,
        Residual(Norm(width), attention),
        Residual(Norm(width), hidden.layer, Dense(hidden.width, width, rng)),
        Norm(width),
        MeanOfTokens(),
        Dense(width, CLASSES, rng),
    )


MODELS = {"MLP": mlp, "ViT": vit}


class Digits(NamedTuple):
    """Images, each a row of pixels in [0, 1], and the digits on them."""

    images: Array
    labels: Array


def digits(rng: np.random.Generator) -> tuple[Digits, Digits]:
    """Return the images to train on and those to test on, divided at random."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - `main` reports it if absent

    data = load_digits()
    order = rng.permutation(len(data.target))
    images, labels = (data.data / 16).astype(np.float32)[order], data.target[order]
    trained, tested = slice(TESTED, None), slice(TESTED)
    return Digits(images[trained], labels[trained]), Digits(images[tested], labels[tested])


class Run:
    """One network in training."""

    def __init__(self, model: str, variant: Variant, seed: int, epochs: int) -> None:
        rng = np.random.default_rng(seed)
        self.trained, self.tested = digits(rng)
        self.dtype = np.dtype(variant.dtype)
        self.watch = Stopwatch()
        timed = variant._replace(f=self.watch.around(variant.f), g=self.watch.around(variant.g))
        self.network = MODELS[model](timed.hidden(), rng)
        self.values, self.grads = in_one_array(self.network.parameters, np.float32)
        self.optimiser = AdamW(self.values, BETAS, DECAY)
        self.rng = rng
        self.steps = epochs * math.ceil(len(self.trained.labels) / BATCH)
        self.loss: list[float] = []  # of each epoch, on average over its steps
        self.test_loss: list[float] = []  # after each epoch
        self.seconds: list[float] = []  # of each epoch
        self.seconds_inside: list[float] = []  # of these, in the activation and its gradient

    def epoch(self) -> None:
        """Train on each image once, then test."""
        self.watch.seconds = 0.0
        start = time.perf_counter()
        order = self.rng.permutation(len(self.trained.labels))
        losses = [
            self._step(self.trained.images[batch], self.trained.labels[batch])
            for batch in np.split(order, range(BATCH, len(order), BATCH))
        ]
        self.seconds.append(time.perf_counter() - start)
        self.seconds_inside.append(self.watch.seconds)
        self.loss.append(statistics.mean(losses))
        self.test_loss.append(cross_entropy(self._logits(), self.tested.labels)[0])

    def accuracy(self) -> float:
        """Return the part of the test images that are recognised."""
        return float(np.mean(self._logits().argmax(axis=1) == self.tested.labels))

    def _logits(self) -> Array:
        return self.network.forward(self.tested.images.astype(self.dtype))

    def _step(self, images: Array, labels: Array) -> float:
        loss, gradient = cross_entropy(self.network.forward(images.astype(self.dtype)), labels)
        scale = LOSS_SCALE if self.dtype == np.float16 else 1.0
        self.network.backward((scale * gradient).astype(self.dtype))
        self.grads /= scale
        done = self.optimiser.steps / self.steps
        rate = RATE * min(done / WARM_UP, (1 - done) / (1 - WARM_UP))
        self.optimiser.step(self.grads, rate)
        return loss


Runs = dict[str, dict[str, list[Run]]]  # by model and variant, one for each seed


def train(seeds: int, epochs: int) -> Runs:
    """Train every model with every variant on one thread."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - scikit-learn brings it

    runs: Runs = {model: {variant.name: [] for variant in VARIANTS} for model in MODELS}
    gelu_simd.set_num_threads(1)
    with threadpool_limits(1):
        for seed in range(seeds):
            for model in MODELS:
                print(f"seed {seed + 1} of {seeds}, {model} ...", file=sys.stderr, flush=True)
                together = [Run(model, variant, seed, epochs) for variant in VARIANTS]
                for _ in range(epochs):
                    for run in together:
                        run.epoch()
                for variant, run in zip(VARIANTS, together, strict=True):
                    runs[model][variant.name].append(run)
    return runs


def milliseconds(seconds: Iterable[float]) -> dict[str, float]:
    """Return the minimum and the median."""
    ms = [1e3 * s for s in seconds]
    return {"minimum": round(min(ms), 2), "median": round(statistics.median(ms), 2)}


def summary(runs: Runs) -> dict[str, Any]:
    """Return the results, versions and machine, as JSON can hold them."""
    info = gelu_simd.cpu_info()
    modules = ("numpy", "scipy", "scikit-learn", "gelu_simd")
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in modules},
        "cpu": info["cpu"],
        "isa": info["isa"],
        "results": {
            model: {
                name: {
                    "accuracy": [round(run.accuracy(), 4) for run in same],
                    "loss": [[round(x, 6) for x in run.loss] for run in same],
                    "test_loss": [[round(x, 6) for x in run.test_loss] for run in same],
                    "ms_per_epoch": milliseconds(s for run in same for s in run.seconds),
                    "ms_in_activation": milliseconds(s for run in same for s in run.seconds_inside),
                }
                for name, same in variants.items()
            }
            for model, variants in runs.items()
        },
    }


def to_json(report: dict[str, Any]) -> str:
    """Return a summary as it is written."""
    return json.dumps(report) + "\n"


def print_table(report: dict[str, Any]) -> None:
    """Print accuracies, losses and times."""

    def line(label: str, *cells: object) -> None:
        print(f"{label:20}{cells[0]:>14}" + "".join(f"{cell:>11}" for cell in cells[1:]))

    print(
        f"scikit-learn {report['scikit-learn']}, NumPy {report['numpy']}, SciPy {report['scipy']}, "
        f"{report['cpu'] or 'unknown CPU'}, level {report['isa']}, one thread\n"
        "accuracy on the test images in %, mean and standard deviation over the seeds;\n"
        "losses after the last epoch; ms per epoch, and in it for the activation and its gradient"
    )
    for model, variants in report["results"].items():
        print()
        line(model, "accuracy", "loss", "test loss", "epoch min", "median", "act. min", "median")
        for name, row in variants.items():
            accuracy = 100 * np.array(row["accuracy"])
            losses = (np.mean([curve[-1] for curve in row[k]]) for k in ("loss", "test_loss"))
            times = (t for k in ("ms_per_epoch", "ms_in_activation") for t in row[k].values())
            line(
                name,
                f"{accuracy.mean():.2f} ± {accuracy.std():.2f}",
                *(f"{loss:.4f}" for loss in losses),
                *(f"{time:.1f}" for time in times),
            )


# Colours for colour-blind readers too (M. Okabe and K. Ito). The forms of GELU cover
# each other, so each is drawn in another way.
STYLES = {
    "ReLU": {"color": "#D55E00", "linestyle": "--", "linewidth": 2},
    "GELU": {"color": "#56B4E9", "linewidth": 7, "alpha": 0.7},
    "GELU tanh": {"color": "black", "linewidth": 1.5},
    "GEGLU": {"color": "#CC79A7", "linestyle": "-.", "linewidth": 2},
    "GELU float16": {
        "color": "#009E73", "linestyle": "", "marker": "o", "markersize": 8,
        "markerfacecolor": "none", "markeredgewidth": 2,
    },
}  # fmt: skip


def plot(report: dict[str, Any], path: Path) -> None:
    """Draw the losses of each epoch: a line for the mean, a band from smallest to largest."""
    import matplotlib as mpl  # noqa: PLC0415 - `main` reports it if absent
    from matplotlib.figure import Figure  # noqa: PLC0415

    curves = {"loss": "training loss", "test_loss": "test loss"}
    with mpl.rc_context({"font.size": 14, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(10, 6.5), layout="constrained")
        panels = figure.subplots(len(curves), len(MODELS), sharex=True, sharey="row")
        for (curve, label), row in zip(curves.items(), panels, strict=True):
            for panel, (model, variants) in zip(row, report["results"].items(), strict=True):
                for name, style in STYLES.items():
                    if name not in variants:  # of a report from before it was here
                        continue
                    values = np.array(variants[name][curve])
                    epochs = np.arange(1, values.shape[1] + 1)
                    panel.plot(epochs, values.mean(axis=0), label=name, **style)
                    if name in ("ReLU", "GELU"):
                        low, high = values.min(axis=0), values.max(axis=0)
                        panel.fill_between(epochs, low, high, color=style["color"], alpha=0.2, lw=0)
                panel.set_yscale("log")
                panel.yaxis.set_major_formatter("{x:g}")
                panel.grid(alpha=0.4)
                if curve == "loss":
                    panel.set_title(model)
            row[0].set_ylabel(label)
        for panel in panels[-1]:
            panel.set_xlabel("epoch")
            panel.set_xticks(epochs)
        panels[0][0].legend(frameon=False)
        figure.suptitle(f"Digits: mean of {len(values)} seeds, bands from smallest to largest")
        drawn = io.BytesIO()
        figure.savefig(drawn, dpi=96)
    pictures.write(drawn, path, to_json(report))


def missing(modules: Mapping[str, str]) -> list[str]:
    """List the packages whose modules cannot be found."""
    return [name for module, name in modules.items() if importlib.util.find_spec(module) is None]


def arguments(args: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer seeds and epochs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the losses")
    options = parser.parse_args(args)
    for path in (options.json, options.plot):
        if path and not path.parent.is_dir():
            parser.error(f"there is no folder {path.parent}")
    return options


def main(args: list[str] | None = None) -> int:
    """Train, print and write; return the exit code."""
    options = arguments(args)
    needed = {"sklearn": "scikit-learn"} | ({"matplotlib": "matplotlib"} if options.plot else {})
    if absent := missing(needed):
        print(
            f"train_digits.py cannot find {' and '.join(absent)}. Install:\n"
            f"    pip install {' '.join(absent)}",
            file=sys.stderr,
        )
        return 2
    reuse_freed_memory()
    report = summary(train(*(QUICK if options.quick else FULL)))
    print_table(report)
    if options.json:
        options.json.write_text(to_json(report), encoding="utf-8")
    if options.plot:
        plot(report, options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
