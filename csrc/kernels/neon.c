/* Every 64-bit Arm: Advanced SIMD, its baseline. */
#define LEVEL neon
#define BITS fused
#include "../simd/neon.h"
#include "../simd/pair.h"
#define VECTORS_1_f16 , 2
#define VECTORS_1_bf16 , 2
#include "../kernels.inc"
