/* Every 64-bit Arm: Advanced SIMD, its baseline. */
#define LEVEL neon
#define BITS fused
#include "../simd/neon.h"
#include "../simd/pair.h"
#include "../kernels.inc"
