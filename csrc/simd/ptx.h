/* The arithmetic of one lane on a CUDA device: PTX instructions by name, so that no compiler option
 * changes them.  CuPy's -ftz=true makes C++'s operators take subnormal numbers for 0.
 */
#ifndef GELU_SIMD_PTX_H
#define GELU_SIMD_PTX_H

#include <stdint.h>
#include <string.h>

#include "compiler.h"

#define PTX_2(name, type, T, r)                                         \
    V_INLINE T v_##name##_##type(T a, T b)                              \
    {                                                                   \
        T y;                                                            \
        asm(#name ".rn." #type " %0, %1, %2;" : "=" r(y) : r(a), r(b)); \
        return y;                                                       \
    }

#define PTX(type, T, r)                                                                   \
    PTX_2(add, type, T, r)                                                                \
    PTX_2(sub, type, T, r)                                                                \
    PTX_2(mul, type, T, r)                                                                \
    PTX_2(div, type, T, r)                                                                \
    V_INLINE T v_fma_##type(T a, T b, T c)                                                \
    {                                                                                     \
        T y;                                                                              \
        asm("fma.rn." #type " %0, %1, %2, %3;" : "=" r(y) : r(a), r(b), r(c));            \
        return y;                                                                         \
    }                                                                                     \
    V_INLINE T v_fnma_##type(T a, T b, T c)                                               \
    {                                                                                     \
        T y;                                                                              \
        asm("{ .reg ." #type " n; neg." #type " n, %1; fma.rn." #type " %0, n, %2, %3; }" \
            : "=" r(y)                                                                    \
            : r(a), r(b), r(c));                                                          \
        return y;                                                                         \
    }                                                                                     \
    V_INLINE T v_mad_##type(T a, T b, T c) { return v_fma_##type(a, b, c); }              \
    V_INLINE T v_nmad_##type(T a, T b, T c) { return v_fnma_##type(a, b, c); }

PTX(f32, float, "f")
PTX(f64, double, "d")

V_INLINE double v_sub_multiple_f64(double c, double n, double a) { return v_fnma_f64(n, a, c); }
V_INLINE double v_sub_power_f64(double c, double p, double m) { return v_fnma_f64(p, m, c); }

V_INLINE double widen_f32(float a)
{
    double y;
    asm("cvt.f64.f32 %0, %1;" : "=d"(y) : "f"(a));
    return y;
}

V_INLINE float narrow_f64(double a)
{
    float y;
    asm("cvt.rn.f32.f64 %0, %1;" : "=f"(y) : "d"(a));
    return y;
}

V_INLINE float v_load_f16(const uint16_t *p)
{
    float a;
    asm("cvt.f32.f16 %0, %1;" : "=f"(a) : "h"(*p));
    return a;
}

V_INLINE void v_store_f16(uint16_t *p, float a)
{
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(*p) : "f"(a));
}

/* Two at once, from compute capability 8.0 on. */
#if __CUDA_ARCH__ >= 800
#define GELU_SIMD_PTX_2

#define PTX_STORE_2(type)                                                        \
    V_INLINE void v_store_2_##type(uint16_t *p, float a, float b)                \
    {                                                                            \
        uint32_t pair;                                                           \
        asm("cvt.rn." #type "x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(b), "f"(a)); \
        memcpy(p, &pair, sizeof pair);                                           \
    }

PTX_STORE_2(f16)
PTX_STORE_2(bf16)
#endif

#endif
