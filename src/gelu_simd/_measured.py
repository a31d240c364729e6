"""The largest errors found.  Written by tests/test_figures.py; do not edit."""

from typing import NamedTuple


class Largest(NamedTuple):
    """The largest error: in ULP, with its input and the number of all inputs."""

    error: float
    x: str  #: as float.hex() writes it
    inputs: int


#: By function, type and group of levels.
MEASURED: dict[tuple[str, str, str], Largest] = {
    ("gelu", "float32", "fused"): Largest(2.8040, "-0x1.d6684cp+0", 4294967296),
    ("gelu", "float32", "portable"): Largest(2.8779, "-0x1.eaec6ap+1", 4294967296),
    ("gelu_tanh", "float32", "fused"): Largest(2.9255, "-0x1.1953c4p-3", 4294967296),
    ("gelu_tanh", "float32", "portable"): Largest(2.9255, "-0x1.1953c4p-3", 4294967296),
    ("gelu_grad", "float32", "fused"): Largest(2.6457, "-0x1.7d5358p+3", 4294967296),
    ("gelu_grad", "float32", "portable"): Largest(2.8826, "-0x1.930828p+3", 4294967296),
    ("gelu_tanh_grad", "float32", "fused"): Largest(2.9949, "-0x1.f98cc8p+1", 4294967296),
    ("gelu_tanh_grad", "float32", "portable"): Largest(2.9949, "-0x1.f98cc8p+1", 4294967296),
    ("gelu", "float64", "fused"): Largest(1.6646, "-0x1.025e6dcb7afaap-6", 1000197085),
    ("gelu", "float64", "portable"): Largest(1.7684, "-0x1.70f88928f1f58p+0", 1000197085),
    ("gelu_tanh", "float64", "fused"): Largest(1.6325, "-0x1.6948a3ec35854p+2", 1000197085),
    ("gelu_tanh", "float64", "portable"): Largest(1.6591, "-0x1.616fb3b675d82p+1", 1000197085),
    ("gelu_grad", "float64", "fused"): Largest(1.6721, "-0x1.80ead1a0c251fp-1", 1000197085),
    ("gelu_grad", "float64", "portable"): Largest(1.9753, "-0x1.80ead1519c695p-1", 1000197085),
    ("gelu_tanh_grad", "float64", "fused"): Largest(1.6922, "-0x1.4076a0660107p-1", 1000197085),
    ("gelu_tanh_grad", "float64", "portable"): Largest(1.6987, "-0x1.40ef87d682ec3p-1", 1000197085),
    ("gelu", "bfloat16", "fused"): Largest(0.5000, "0x1p-133", 65536),
    ("gelu", "bfloat16", "portable"): Largest(0.5000, "0x1p-133", 65536),
    ("gelu_tanh", "bfloat16", "fused"): Largest(0.5000, "0x1p-133", 65536),
    ("gelu_tanh", "bfloat16", "portable"): Largest(0.5000, "0x1p-133", 65536),
    ("gelu_grad", "bfloat16", "fused"): Largest(0.4999, "0x1.d2p-1", 65536),
    ("gelu_grad", "bfloat16", "portable"): Largest(0.4999, "0x1.d2p-1", 65536),
    ("gelu_tanh_grad", "bfloat16", "fused"): Largest(0.4999, "-0x1.fap+1", 65536),
    ("gelu_tanh_grad", "bfloat16", "portable"): Largest(0.4999, "-0x1.fap+1", 65536),
    ("gelu", "float16", "fused"): Largest(0.5000, "0x1p-24", 65536),
    ("gelu", "float16", "portable"): Largest(0.5000, "0x1p-24", 65536),
    ("gelu_tanh", "float16", "fused"): Largest(0.5000, "0x1p-24", 65536),
    ("gelu_tanh", "float16", "portable"): Largest(0.5000, "0x1p-24", 65536),
    ("gelu_grad", "float16", "fused"): Largest(0.5000, "-0x1.f78p-3", 65536),
    ("gelu_grad", "float16", "portable"): Largest(0.5000, "-0x1.f78p-3", 65536),
    ("gelu_tanh_grad", "float16", "fused"): Largest(0.5000, "0x1.404p-4", 65536),
    ("gelu_tanh_grad", "float16", "portable"): Largest(0.5000, "0x1.404p-4", 65536),
}
