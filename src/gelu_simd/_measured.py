"""The largest errors found.  Written by bench/publish.py; do not edit."""

from typing import NamedTuple


class Largest(NamedTuple):
    """The largest error: in ULP, with its input and the number of all inputs."""

    error: float
    x: str  #: as float.hex() writes it
    inputs: int


#: By function, type and group of levels.
MEASURED: dict[tuple[str, str, str], Largest] = {
    ("gelu", "float32", "fused"): Largest(2.8925, "-0x1.0698eep-5", 4294967296),
    ("gelu", "float32", "portable"): Largest(2.8984, "-0x1.5ad518p-2", 4294967296),
    ("gelu_tanh", "float32", "fused"): Largest(2.9255, "-0x1.1953c4p-3", 4294967296),
    ("gelu_tanh", "float32", "portable"): Largest(2.9255, "-0x1.1953c4p-3", 4294967296),
    ("gelu_grad", "float32", "fused"): Largest(2.6457, "-0x1.7d5358p+3", 4294967296),
    ("gelu_grad", "float32", "portable"): Largest(2.8826, "-0x1.930828p+3", 4294967296),
    ("gelu_tanh_grad", "float32", "fused"): Largest(2.9949, "-0x1.f98cc8p+1", 4294967296),
    ("gelu_tanh_grad", "float32", "portable"): Largest(2.9949, "-0x1.f98cc8p+1", 4294967296),
    ("cr_gelu", "float32", "fused"): Largest(0.5000, "0x1.6148de0000000p-16", 4294967296),
    ("cr_gelu", "float32", "portable"): Largest(0.5000, "0x1.6148de0000000p-16", 4294967296),
    ("cr_gelu_tanh", "float32", "fused"): Largest(0.5000, "0x1.6148de0000000p-16", 4294967296),
    ("cr_gelu_tanh", "float32", "portable"): Largest(0.5000, "0x1.6148de0000000p-16", 4294967296),
    ("cr_gelu_grad", "float32", "fused"): Largest(0.5000, "0x1.40d9320000000p-25", 4294967296),
    ("cr_gelu_grad", "float32", "portable"): Largest(0.5000, "0x1.40d9320000000p-25", 4294967296),
    ("cr_gelu_tanh_grad", "float32", "fused"): Largest(0.5000, "0x1.40d9320000000p-25", 4294967296),
    ("cr_gelu_tanh_grad", "float32", "portable"): Largest(0.5000, "0x1.40d9320000000p-25", 4294967296),
    ("gelu", "float64", "fused"): Largest(1.6646, "-0x1.025e6dcb7afaap-6", 1000197085),
    ("gelu", "float64", "portable"): Largest(1.7684, "-0x1.70f88928f1f58p+0", 1000197085),
    ("gelu_tanh", "float64", "fused"): Largest(1.6325, "-0x1.6948a3ec35854p+2", 1000197085),
    ("gelu_tanh", "float64", "portable"): Largest(1.6591, "-0x1.616fb3b675d82p+1", 1000197085),
    ("gelu_grad", "float64", "fused"): Largest(1.6721, "-0x1.80ead1a0c251fp-1", 1000197085),
    ("gelu_grad", "float64", "portable"): Largest(1.9753, "-0x1.80ead1519c695p-1", 1000197085),
    ("gelu_tanh_grad", "float64", "fused"): Largest(1.6922, "-0x1.4076a0660107p-1", 1000197085),
    ("gelu_tanh_grad", "float64", "portable"): Largest(1.6987, "-0x1.40ef87d682ec3p-1", 1000197085),
    ("gelu", "float16", "fused"): Largest(0.5000, "0x1p-24", 65536),
    ("gelu", "float16", "portable"): Largest(0.5000, "0x1p-24", 65536),
    ("gelu_tanh", "float16", "fused"): Largest(0.5000, "0x1p-24", 65536),
    ("gelu_tanh", "float16", "portable"): Largest(0.5000, "0x1p-24", 65536),
    ("gelu_grad", "float16", "fused"): Largest(0.5000, "-0x1.f78p-3", 65536),
    ("gelu_grad", "float16", "portable"): Largest(0.5000, "-0x1.f78p-3", 65536),
    ("gelu_tanh_grad", "float16", "fused"): Largest(0.5000, "0x1.404p-4", 65536),
    ("gelu_tanh_grad", "float16", "portable"): Largest(0.5000, "0x1.404p-4", 65536),
    ("cr_gelu", "float16", "fused"): Largest(0.5000, "0x1p-24", 65536),
    ("cr_gelu", "float16", "portable"): Largest(0.5000, "0x1p-24", 65536),
    ("cr_gelu_tanh", "float16", "fused"): Largest(0.5000, "0x1p-24", 65536),
    ("cr_gelu_tanh", "float16", "portable"): Largest(0.5000, "0x1p-24", 65536),
    ("cr_gelu_grad", "float16", "fused"): Largest(0.5000, "-0x1.f78p-3", 65536),
    ("cr_gelu_grad", "float16", "portable"): Largest(0.5000, "-0x1.f78p-3", 65536),
    ("cr_gelu_tanh_grad", "float16", "fused"): Largest(0.5000, "0x1.404p-4", 65536),
    ("cr_gelu_tanh_grad", "float16", "portable"): Largest(0.5000, "0x1.404p-4", 65536),
    ("gelu", "bfloat16", "fused"): Largest(0.5000, "0x1p-133", 65536),
    ("gelu", "bfloat16", "portable"): Largest(0.5000, "0x1p-133", 65536),
    ("gelu_tanh", "bfloat16", "fused"): Largest(0.5000, "0x1p-133", 65536),
    ("gelu_tanh", "bfloat16", "portable"): Largest(0.5000, "0x1p-133", 65536),
    ("gelu_grad", "bfloat16", "fused"): Largest(0.4999, "0x1.d2p-1", 65536),
    ("gelu_grad", "bfloat16", "portable"): Largest(0.4999, "0x1.d2p-1", 65536),
    ("gelu_tanh_grad", "bfloat16", "fused"): Largest(0.4999, "-0x1.fap+1", 65536),
    ("gelu_tanh_grad", "bfloat16", "portable"): Largest(0.4999, "-0x1.fap+1", 65536),
    ("cr_gelu", "bfloat16", "fused"): Largest(0.5000, "0x1p-133", 65536),
    ("cr_gelu", "bfloat16", "portable"): Largest(0.5000, "0x1p-133", 65536),
    ("cr_gelu_tanh", "bfloat16", "fused"): Largest(0.5000, "0x1p-133", 65536),
    ("cr_gelu_tanh", "bfloat16", "portable"): Largest(0.5000, "0x1p-133", 65536),
    ("cr_gelu_grad", "bfloat16", "fused"): Largest(0.4999, "0x1.d2p-1", 65536),
    ("cr_gelu_grad", "bfloat16", "portable"): Largest(0.4999, "0x1.d2p-1", 65536),
    ("cr_gelu_tanh_grad", "bfloat16", "fused"): Largest(0.4999, "-0x1.fap+1", 65536),
    ("cr_gelu_tanh_grad", "bfloat16", "portable"): Largest(0.4999, "-0x1.fap+1", 65536),
}

#: Lines of the docstrings' examples.
EXAMPLES: dict[str, list[str]] = {
    "gelu": [
        ">>> gelu(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))",
        "array([-0.04550026, -0.15865525,  0.        ,  0.84134475,  1.95449974])",
        ">>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)",
        ">>> gelu(x, out=x)  # in place",
        "array([-0.0455, -0.1587,  0.    ,  0.8413,  1.954 ], dtype=float16)",
    ],
    "gelu_tanh": [
        ">>> gelu_tanh(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))",
        "array([-0.04540231, -0.15880801,  0.        ,  0.84119199,  1.95459769])",
        ">>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)",
        ">>> gelu_tanh(x, out=x)  # in place",
        "array([-0.0454, -0.1588,  0.    ,  0.8413,  1.955 ], dtype=float16)",
    ],
    "gelu_grad": [
        ">>> gelu_grad(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))",
        "array([-0.0852318 , -0.08331547,  0.5       ,  1.08331547,  1.0852318 ])",
        ">>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)",
        ">>> gelu_grad(x, out=x)  # in place",
        "array([-0.0852, -0.0833,  0.5   ,  1.083 ,  1.085 ], dtype=float16)",
    ],
    "gelu_tanh_grad": [
        ">>> gelu_tanh_grad(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))",
        "array([-0.08609926, -0.08296408,  0.5       ,  1.08296408,  1.08609926])",
        ">>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)",
        ">>> gelu_tanh_grad(x, out=x)  # in place",
        "array([-0.0861 , -0.08295,  0.5    ,  1.083  ,  1.086  ], dtype=float16)",
    ],
    "gelu_backward": [
        ">>> x = np.array([-1.0, 0.0, 1.0])",
        ">>> gelu_backward(np.array([1.0, 2.0, 3.0]), x)",
        "array([-0.08331547,  1.        ,  3.24994641])",
        ">>> gelu_backward(2, x.astype(np.float16))",
        "array([-0.1666,  1.    ,  2.166 ], dtype=float16)",
    ],
    "gelu_tanh_backward": [
        ">>> x = np.array([-1.0, 0.0, 1.0])",
        ">>> gelu_tanh_backward(np.array([1.0, 2.0, 3.0]), x)",
        "array([-0.08296408,  1.        ,  3.24889225])",
        ">>> gelu_tanh_backward(2, x.astype(np.float16))",
        "array([-0.1659,  1.    ,  2.166 ], dtype=float16)",
    ],
    "cr_gelu": [
        ">>> gelu(np.array([-2.0, -1.0, 0.0, 1.0, 2.0], dtype=np.float32))",
        "array([-0.04550026, -0.15865526,  0.        ,  0.8413448 ,  1.9544997 ],",
        "      dtype=float32)",
        ">>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)",
        ">>> gelu(x, out=x)  # in place",
        "array([-0.0455, -0.1587,  0.    ,  0.8413,  1.954 ], dtype=float16)",
    ],
    "cr_gelu_tanh": [
        ">>> gelu_tanh(np.array([-2.0, -1.0, 0.0, 1.0, 2.0], dtype=np.float32))",
        "array([-0.04540231, -0.15880801,  0.        ,  0.841192  ,  1.9545977 ],",
        "      dtype=float32)",
        ">>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)",
        ">>> gelu_tanh(x, out=x)  # in place",
        "array([-0.0454, -0.1588,  0.    ,  0.8413,  1.955 ], dtype=float16)",
    ],
    "cr_gelu_grad": [
        ">>> gelu_grad(np.array([-2.0, -1.0, 0.0, 1.0, 2.0], dtype=np.float32))",
        "array([-0.0852318 , -0.08331547,  0.5       ,  1.0833155 ,  1.0852318 ],",
        "      dtype=float32)",
        ">>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)",
        ">>> gelu_grad(x, out=x)  # in place",
        "array([-0.0852, -0.0833,  0.5   ,  1.083 ,  1.085 ], dtype=float16)",
    ],
    "cr_gelu_tanh_grad": [
        ">>> gelu_tanh_grad(np.array([-2.0, -1.0, 0.0, 1.0, 2.0], dtype=np.float32))",
        "array([-0.08609926, -0.08296409,  0.5       ,  1.0829641 ,  1.0860993 ],",
        "      dtype=float32)",
        ">>> x = np.array([-2, -1, 0, 1, 2], dtype=np.float16)",
        ">>> gelu_tanh_grad(x, out=x)  # in place",
        "array([-0.0861 , -0.08295,  0.5    ,  1.083  ,  1.086  ], dtype=float16)",
    ],
    "cr_gelu_backward": [
        ">>> x = np.array([-1.0, 0.0, 1.0], dtype=np.float32)",
        ">>> gelu_backward(np.array([1.0, 2.0, 3.0], dtype=np.float32), x)",
        "array([-0.08331547,  1.        ,  3.2499466 ], dtype=float32)",
        ">>> gelu_backward(2, x.astype(np.float16))",
        "array([-0.1666,  1.    ,  2.166 ], dtype=float16)",
    ],
    "cr_gelu_tanh_backward": [
        ">>> x = np.array([-1.0, 0.0, 1.0], dtype=np.float32)",
        ">>> gelu_tanh_backward(np.array([1.0, 2.0, 3.0], dtype=np.float32), x)",
        "array([-0.08296409,  1.        ,  3.2488923 ], dtype=float32)",
        ">>> gelu_tanh_backward(2, x.astype(np.float16))",
        "array([-0.1659,  1.    ,  2.166 ], dtype=float16)",
    ],
}
