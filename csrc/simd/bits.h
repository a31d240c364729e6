/* Floating-point numbers as their bits. */
#ifndef GELU_SIMD_BITS_H
#define GELU_SIMD_BITS_H

#include <stdint.h>
#include <string.h>

#include "compiler.h"

V_INLINE uint32_t bits_f32(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

V_INLINE float float_from_bits(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

V_INLINE uint64_t bits_f64(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

V_INLINE double double_from_bits(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* Integer that, added to a float's bits, multiplies it by sign 2^power. */
V_INLINE int scale_bits_f32(int sign, int power)
{
    return (int)((sign < 0 ? 0x80000000u : 0u) + (uint32_t)power * 0x800000u);
}

/* The same for a double. */
V_INLINE int64_t scale_bits_f64(int sign, int power)
{
    return (int64_t)((sign < 0 ? UINT64_C(1) << 63 : 0) + (uint64_t)power * (UINT64_C(1) << 52));
}

/* The upper 32 bits of c over the largest and the smallest lower ones, as signed integers. */
V_INLINE int64_t at_most_bits_f64(double c)
{
    return (int64_t)((bits_f64(c) & ~UINT64_C(0xffffffff)) | 0x7fffffff);
}

V_INLINE int64_t at_least_bits_f64(double c)
{
    return (int64_t)((bits_f64(c) & ~UINT64_C(0xffffffff)) | 0x80000000);
}

#endif
