/* Skylake-X and Zen 4, and later: AVX-512 F, BW, DQ, VL. */
#define LEVEL avx512
#include "../simd/avx512.h"
#include "../kernels.inc"
