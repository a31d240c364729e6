"""The largest errors found.  Written by tests/test_figures.py; do not edit."""

from gelu_simd._limits import Largest

__all__ = ["MEASURED"]

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
    ("gelu", "float64", "fused"): Largest(1.9132, "-0x1.188489f58ea65p+1", 100197075),
    ("gelu", "float64", "portable"): Largest(2.2601, "-0x1.da20db13f80fap+0", 100197075),
    ("gelu_tanh", "float64", "fused"): Largest(1.5407, "-0x1.6e8dd0afd2a48p+2", 100197075),
    ("gelu_tanh", "float64", "portable"): Largest(1.5063, "-0x1.60d196d4e9a1p+1", 100197075),
    ("gelu_grad", "float64", "fused"): Largest(1.9532, "-0x1.9a76ae93451bbp+1", 100197075),
    ("gelu_grad", "float64", "portable"): Largest(2.6346, "-0x1.b0ab79ca7eb8cp+4", 100197075),
    ("gelu_tanh_grad", "float64", "fused"): Largest(1.5212, "-0x1.0e590272df5b4p+2", 100197075),
    ("gelu_tanh_grad", "float64", "portable"): Largest(1.5713, "-0x1.284f1d03c6c46p+4", 100197075),
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
