/* Every 64-bit Arm: Advanced SIMD, its baseline. */
#define LEVEL neon
#include "../simd/neon.h"
#include "../kernels.inc"
