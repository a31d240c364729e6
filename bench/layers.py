"""Layers of neural networks in plain NumPy, forward and backward by hand, and an optimiser.

A layer's `forward(x)` returns y and keeps the arrays that `backward(dy)` needs.  `backward` turns
the gradient of the loss in y into that in x, and writes the gradients in the layer's parameters.

The type of x decides the type of y. Parameters have their own, float32 or float64: in float16 the
layers use them rounded to float16, sum in float32 and round each result once, as GPUs do, and as
NumPy's float16 products do, which take tens of times as long.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

Array = np.ndarray


def wide(x: Array) -> Array:
    """Return x in the type to sum in: float32 for float16, else its own."""
    return x.astype(np.promote_types(x.dtype, np.float32), copy=False)


def like(y: Array, x: Array) -> Array:
    """Return y in the type of x."""
    return y.astype(x.dtype, copy=False)


def sum_of_rows(d: Array, out: Array) -> None:
    """Write the sum over all axes but the last."""
    d.sum(axis=tuple(range(d.ndim - 1)), out=out)


class Parameter:
    """An array that is trained, and the gradient of the loss in it."""

    def __init__(self, value: Array) -> None:
        self.value = value
        self.grad = np.zeros_like(value)

    def seen_by(self, x: Array) -> Array:
        """Return the value as arithmetic with x uses it."""
        return wide(like(self.value, x))


class Layer(Protocol):
    """What every layer has."""

    parameters: list[Parameter]

    def forward(self, x: Array) -> Array: ...

    def backward(self, dy: Array) -> Array: ...


class Linear:
    """x W on the last axis; W starts as He's normal distribution."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator) -> None:
        self.weight = Parameter(rng.standard_normal((inputs, outputs)) * math.sqrt(2 / inputs))
        self.parameters = [self.weight]

    def forward(self, x: Array) -> Array:
        return like(self.product(x), x).reshape(*x.shape[:-1], -1)

    def product(self, x: Array) -> Array:
        self.rows = x.reshape(-1, x.shape[-1])  # one product, not one for each image
        return wide(self.rows) @ self.weight.seen_by(x)

    def backward(self, dy: Array) -> Array:
        d = wide(dy.reshape(-1, dy.shape[-1]))
        np.matmul(wide(self.rows).T, d, out=self.weight.grad)
        dx = d @ self.weight.seen_by(dy).T
        return like(dx, dy).reshape(*dy.shape[:-1], -1)


class Dense(Linear):
    """x W + b on the last axis."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator) -> None:
        super().__init__(inputs, outputs, rng)
        self.bias = Parameter(np.zeros(outputs))
        self.parameters = [self.weight, self.bias]

    def product(self, x: Array) -> Array:
        y = super().product(x)
        y += self.bias.seen_by(x)
        return y

    def backward(self, dy: Array) -> Array:
        sum_of_rows(wide(dy), self.bias.grad)
        return super().backward(dy)


class Activation:
    """A function f of each element, and g(dy, x) = dy f'(x)."""

    def __init__(self, f: Callable[[Array], Array], g: Callable[[Array, Array], Array]) -> None:
        self.f, self.g = f, g
        self.parameters: list[Parameter] = []

    def forward(self, x: Array) -> Array:
        self.x = x
        return self.f(x)

    def backward(self, dy: Array) -> Array:
        return self.g(dy, self.x)


class BiasActivation:
    """f(x, bias), and g(dy, x, bias), the gradient in x; its sum is that in the bias."""

    def __init__(
        self, width: int, f: Callable[[Array, Array], Array], g: Callable[..., Array]
    ) -> None:
        self.bias, self.f, self.g = Parameter(np.zeros(width)), f, g
        self.parameters = [self.bias]

    def forward(self, x: Array) -> Array:
        self.x = x
        return like(self.f(x, self.bias.seen_by(x)), x)

    def backward(self, dy: Array) -> Array:
        dx = self.g(dy, self.x, self.bias.seen_by(dy))
        sum_of_rows(wide(dx), self.bias.grad)
        return like(dx, dy)


class Gated:
    """f(gate, up) of two layers' results, and g(dy, gate, up), the gradients in both."""

    def __init__(
        self,
        gate: Layer,
        up: Layer,
        f: Callable[[Array, Array], Array],
        g: Callable[..., tuple[Array, Array]],
    ) -> None:
        self.gate, self.up, self.f, self.g = gate, up, f, g
        self.parameters = [*gate.parameters, *up.parameters]

    def forward(self, x: Array) -> Array:
        self.halves = self.gate.forward(x), self.up.forward(x)
        return self.f(*self.halves)

    def backward(self, dy: Array) -> Array:
        dgate, dup = self.g(dy, *self.halves)
        return self.gate.backward(dgate) + self.up.backward(dup)


class RootMeanSquareNorm:
    """Division of the last axis by the root of its mean square, with a gain."""

    EPSILON = 1e-6

    def __init__(self, width: int) -> None:
        self.gain = Parameter(np.ones(width))
        self.parameters = [self.gain]

    def forward(self, x: Array) -> Array:
        z = wide(x)
        self.scale = 1 / np.sqrt(np.square(z).mean(axis=-1, keepdims=True) + self.EPSILON)
        self.z = z * self.scale
        return like(self.z * self.gain.seen_by(x), x)

    def backward(self, dy: Array) -> Array:
        d = wide(dy)
        sum_of_rows(d * self.z, self.gain.grad)
        d = d * self.gain.seen_by(dy)
        return like(self.scale * (d - self.z * (d * self.z).mean(axis=-1, keepdims=True)), dy)


class Norm:
    """Layer normalisation of the last axis."""

    EPSILON = 1e-5

    def __init__(self, width: int) -> None:
        self.gain, self.shift = Parameter(np.ones(width)), Parameter(np.zeros(width))
        self.parameters = [self.gain, self.shift]

    def forward(self, x: Array) -> Array:
        z = wide(x)
        z = z - z.mean(axis=-1, keepdims=True)
        self.scale = 1 / np.sqrt(np.square(z).mean(axis=-1, keepdims=True) + self.EPSILON)
        z *= self.scale
        self.z = z
        return like(z * self.gain.seen_by(x) + self.shift.seen_by(x), x)

    def backward(self, dy: Array) -> Array:
        d = wide(dy)
        sum_of_rows(d * self.z, self.gain.grad)
        sum_of_rows(d, self.shift.grad)
        d = d * self.gain.seen_by(dy)
        along = (d * self.z).mean(axis=-1, keepdims=True)
        return like(self.scale * (d - d.mean(axis=-1, keepdims=True) - self.z * along), dy)


class Attention:
    """Self-attention with several heads; x is (images, tokens, width).

    If it is causal, a token sees itself and those before it.
    """

    def __init__(
        self, width: int, heads: int, rng: np.random.Generator, causal: bool = False
    ) -> None:
        self.heads, self.causal = heads, causal
        self.project = Dense(width, 3 * width, rng)  # to queries, keys and values
        self.merge = Dense(width, width, rng)
        self.parameters = [*self.project.parameters, *self.merge.parameters]

    def forward(self, x: Array) -> Array:
        images, tokens, width = x.shape
        self.split = (images, tokens, 3, self.heads, width // self.heads)
        projected = wide(self.project.forward(x)).reshape(self.split)
        self.q, self.k, self.v = projected.transpose(2, 0, 3, 1, 4)  # (images, heads, tokens, _)
        scores = self.q @ self.k.swapaxes(2, 3) / math.sqrt(self.split[-1])
        if self.causal:
            scores[..., ~np.tri(tokens, dtype=bool)] = -np.inf
        self.share = softmax(scores)
        context = (self.share @ self.v).swapaxes(1, 2).reshape(x.shape)
        return self.merge.forward(like(context, x))

    def backward(self, dy: Array) -> Array:
        images, tokens, _, heads, size = self.split
        d = wide(self.merge.backward(dy)).reshape(images, tokens, heads, size).swapaxes(1, 2)
        dshare = d @ self.v.swapaxes(2, 3)
        dscores = self.share * (dshare - (dshare * self.share).sum(axis=3, keepdims=True))
        dscores /= math.sqrt(size)
        dprojected = np.empty((3, images, heads, tokens, size), d.dtype)
        np.matmul(dscores, self.k, out=dprojected[0])
        np.matmul(dscores.swapaxes(2, 3), self.q, out=dprojected[1])
        np.matmul(self.share.swapaxes(2, 3), d, out=dprojected[2])
        rows = dprojected.transpose(1, 3, 0, 2, 4).reshape(images, tokens, -1)
        return self.project.backward(like(rows, dy))


class Patches:
    """Cut square images, each a row of pixels, into square patches: (images, patches, pixels)."""

    def __init__(self, side: int, patch: int) -> None:
        self.grid = (side // patch, patch, side // patch, patch)
        self.patches = ((side // patch) ** 2, patch**2)
        self.parameters: list[Parameter] = []

    def forward(self, x: Array) -> Array:
        return x.reshape(-1, *self.grid).swapaxes(2, 3).reshape(-1, *self.patches)

    def backward(self, dy: Array) -> Array:
        down, height, across, width = self.grid
        d = dy.reshape(-1, down, across, height, width).swapaxes(2, 3)
        return d.reshape(len(dy), -1)


class Positions:
    """Add a trained vector to each token, one for each position."""

    def __init__(self, tokens: int, width: int, rng: np.random.Generator) -> None:
        self.vectors = Parameter(0.5 * rng.standard_normal((tokens, width)))
        self.parameters = [self.vectors]

    def forward(self, x: Array) -> Array:
        return like(wide(x) + self.vectors.seen_by(x), x)

    def backward(self, dy: Array) -> Array:
        wide(dy).sum(axis=0, out=self.vectors.grad)
        return dy


class MeanOfTokens:
    """Average the tokens of each image."""

    def __init__(self) -> None:
        self.parameters: list[Parameter] = []

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return like(wide(x).mean(axis=1), x)

    def backward(self, dy: Array) -> Array:
        d = like(wide(dy) / self.shape[1], dy)
        return np.broadcast_to(d[:, None, :], self.shape)


class Chain:
    """One layer after the other."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers
        self.parameters = [parameter for layer in layers for parameter in layer.parameters]

    def forward(self, x: Array) -> Array:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: Array) -> Array:
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class Residual(Chain):
    """The sum of x and the layers' result."""

    def forward(self, x: Array) -> Array:
        return x + super().forward(x)

    def backward(self, dy: Array) -> Array:
        return dy + super().backward(dy)


def softmax(x: Array) -> Array:
    """Return exp(x) divided by its sum along the last axis."""
    y = np.exp(x - x.max(axis=-1, keepdims=True))
    y /= y.sum(axis=-1, keepdims=True)
    return y


def cross_entropy(logits: Array, labels: Array) -> tuple[float, Array]:
    """Return the mean of -log softmax(logits)[label], and its gradient in the logits."""
    z = wide(logits)
    z = z - z.max(axis=1, keepdims=True)
    images = np.arange(len(labels))
    loss = np.log(np.exp(z).sum(axis=1)) - z[images, labels]
    gradient = softmax(z)
    gradient[images, labels] -= 1
    gradient /= len(labels)
    return float(loss.mean()), gradient


def in_one_array(
    parameters: Iterable[Parameter], dtype: np.typing.DTypeLike
) -> tuple[Array, Array]:
    """Move all values into one array and all gradients into another; the parameters are views."""
    parameters = list(parameters)
    values = np.concatenate([p.value.ravel() for p in parameters], dtype=dtype, casting="same_kind")
    grads = np.zeros_like(values)
    start = 0
    for p in parameters:
        stop, shape = start + p.value.size, p.value.shape
        p.value, p.grad = values[start:stop].reshape(shape), grads[start:stop].reshape(shape)
        start = stop
    return values, grads


class AdamW:
    """Adam with decoupled weight decay (I. Loshchilov and F. Hutter, arXiv:1711.05101)."""

    def __init__(self, values: Array, betas: tuple[float, float], decay: float) -> None:
        self.values, self.betas, self.decay = values, betas, decay
        self.mean, self.square = np.zeros_like(values), np.zeros_like(values)
        self.steps = 0

    def step(self, grads: Array, rate: float) -> None:
        """Move the values against the gradients."""
        self.steps += 1
        b1, b2 = self.betas
        self.mean += (1 - b1) * (grads - self.mean)
        self.square += (1 - b2) * (grads * grads - self.square)
        root = np.sqrt(self.square / (1 - b2**self.steps)) + 1e-8
        self.values -= rate * self.decay * self.values
        self.values -= rate / (1 - b1**self.steps) * self.mean / root
