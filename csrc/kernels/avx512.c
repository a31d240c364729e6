/* Skylake-X and Zen 4, and later: AVX-512 F, BW, DQ, VL. */
#define LEVEL avx512
#define BITS fused
#include "../simd/avx512.h"
#include "../simd/pair.h"
#include "../kernels.inc"
