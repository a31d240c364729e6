/* Haswell and Zen, and later: AVX2, FMA, F16C. */
#define LEVEL avx2
#include "../simd/avx2.h"
#include "../kernels.inc"
