/* Haswell and Zen, and later: AVX2, FMA, F16C. */
#define LEVEL avx2
#define BITS fused
#include "../simd/avx2.h"
#include "../simd/pair.h"

/* Vectors side by side, by the times in TRIED.md; bench/vectors.py measures them. */
#define VECTORS_1_f16 , 2
#define VECTORS_1_bf16 , 2

#include "../kernels.inc"
