/* Haswell and Zen, and later: AVX2, FMA, F16C. */
#define LEVEL avx2
#define BITS fused
#include "../simd/avx2.h"
#include "../simd/pair.h"
#include "../kernels.inc"
