/* What csrc/simd/ptx.h says, on the host: the same operations by their IEEE 754 meaning. */
#ifndef GELU_SIMD_PTX_H
#define GELU_SIMD_PTX_H

#define HOST(type, T, FMA)                                            \
    V_INLINE T v_add_##type(T a, T b) { return a + b; }               \
    V_INLINE T v_sub_##type(T a, T b) { return a - b; }               \
    V_INLINE T v_mul_##type(T a, T b) { return a * b; }               \
    V_INLINE T v_div_##type(T a, T b) { return a / b; }               \
    V_INLINE T v_fma_##type(T a, T b, T c) { return FMA(a, b, c); }   \
    V_INLINE T v_fnma_##type(T a, T b, T c) { return FMA(-a, b, c); } \
    V_INLINE T v_mad_##type(T a, T b, T c) { return FMA(a, b, c); }   \
    V_INLINE T v_nmad_##type(T a, T b, T c) { return FMA(-a, b, c); }

HOST(f32, float, __builtin_fmaf)
HOST(f64, double, __builtin_fma)

V_INLINE double v_sub_multiple_f64(double c, double n, double a) { return v_fnma_f64(n, a, c); }
V_INLINE double v_sub_power_f64(double c, double p, double m) { return v_fnma_f64(p, m, c); }

V_INLINE double widen_f32(float a) { return a; }
V_INLINE float narrow_f64(double a) { return (float)a; }

V_INLINE float v_load_f16(const uint16_t *p)
{
    const int exponent = *p >> 10 & 31, fraction = *p & 1023;
    const float a = exponent == 31 ? (fraction ? NAN : INFINITY)
                    : exponent     ? ldexpf(1024 + fraction, exponent - 25)
                                   : ldexpf(fraction, -24);
    return *p >> 15 ? -a : a;
}

V_INLINE void v_store_f16(uint16_t *p, float a)
{
    const float m = fabsf(a);
    int exponent, h = 0x7c00;
    if (m < 0x1p-14f)
        h = (int)rintf(m * 0x1p24f);
    else if (isnan(m))
        h = 0x7fff;
    else if (m < 65520) {
        const int digits = (int)rintf(2048 * frexpf(m, &exponent));
        h = ((exponent + 14) << 10) + digits - 1024;
    }
    *p = (uint16_t)(h | (signbit(a) ? 0x8000 : 0));
}

#define GELU_SIMD_PTX_2

V_INLINE void v_store_bf16(uint16_t *p, float a); /* in lane.h */

V_INLINE void v_store_2_f16(uint16_t *p, float a, float b)
{
    v_store_f16(p, a);
    v_store_f16(p + 1, b);
}

V_INLINE void v_store_2_bf16(uint16_t *p, float a, float b)
{
    v_store_bf16(p, a);
    v_store_bf16(p + 1, b);
}

#endif
