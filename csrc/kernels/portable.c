/* Plain C: any CPU.  Its fma is emulated, so bits may differ from the other levels. */
#define LEVEL portable
#define BITS portable
#include "../simd/scalar.h"
#include "../kernels.inc"
