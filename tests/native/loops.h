/* Calls of the loops, and the types' formats, for the programs in this folder. */
#ifndef LOOPS_H
#define LOOPS_H

#include <stdint.h>

#include "gelu_simd.h"

/* Whether a function has kernels for a type. */
static inline int has_type(int function, int type)
{
    return (int)(gelu_simd_functions[function].types >> type & 1);
}

/* One loop on a level, which stays in use. */
static inline void call_loop(const gelu_simd_table *level, int function, int type, char **args,
                             size_t n, const ptrdiff_t *strides)
{
    const ptrdiff_t length = (ptrdiff_t)n;
    gelu_simd_slot slot = {function, type, NULL};
    gelu_simd_set_level(level);
    gelu_simd_loop(args, &length, strides, &slot);
}

/* The bits of infinity: all ones in the exponent. */
static inline uint64_t infinity_of(int type)
{
    const int fraction = gelu_simd_types[type].precision - 1;
    const int exponent = 8 * gelu_simd_types[type].size - 1 - fraction;
    return ((UINT64_C(1) << exponent) - 1) << fraction;
}

#endif
