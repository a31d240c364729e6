/* Operations on one lane by its bits, common to scalar.h and cuda.h.
 *
 * Include after the truth values: mf32, mf64, top_bit_u32 (whether the top bit is set), below_u32
 * (a < b for both below 2^31), select_u32, and the same for u64.
 */
#ifndef GELU_SIMD_LANE_H
#define GELU_SIMD_LANE_H

#include "ops.h"

typedef float vf32;
typedef double vf64;
typedef uint32_t vi32;

/* ---- float32 ---- */

V_INLINE vf32 v_set_f32(float c) { return c; }
V_INLINE vf32 v_abs_f32(vf32 a) { return float_from_bits(bits_f32(a) & 0x7fffffff); }

V_INLINE vf32 v_scale_f32(vf32 a, int sign, int power)
{
    return float_from_bits(bits_f32(a) + (uint32_t)scale_bits_f32(sign, power));
}

V_INLINE vf32 v_pow2_f32(vf32 k) { return float_from_bits(bits_f32(k) << 23); }

V_INLINE vf32 v_add_bits_f32(vf32 a, vf32 b) { return float_from_bits(bits_f32(a) + bits_f32(b)); }

V_INLINE vi32 v_piece_f32(vf32 a, float origin) { return (bits_f32(a) - bits_f32(origin)) >> 22; }

V_INLINE vf32 v_lookup_f32(const float *table, vi32 i) { return table[i & 7]; }

V_INLINE void v_settle_f32(vf32 *a, vf32 *b) { (void)a, (void)b; }
V_INLINE void v_settle_f64(vf64 *a, vf64 *b) { (void)a, (void)b; }
V_INLINE void v_together_f32(vf32 *a, vf32 *b) { (void)a, (void)b; }
V_INLINE void v_together_f64(vf64 *a, vf64 *b) { (void)a, (void)b; }

V_INLINE mf32 v_less_f32(vf32 a, vf32 b) { return below_u32(bits_f32(a), bits_f32(b)); }
V_INLINE mf32 v_is_nan_f32(vf32 a) { return below_u32(0x7f800000u, bits_f32(v_abs_f32(a))); }

V_INLINE vf32 v_select_f32(mf32 m, vf32 a, vf32 b)
{
    return float_from_bits(select_u32(m, bits_f32(a), bits_f32(b)));
}

V_INLINE vf32 v_min_bits_f32(vf32 a, vf32 b) { return v_select_f32(v_less_f32(a, b), a, b); }
V_INLINE vf32 v_max_bits_f32(vf32 a, vf32 b) { return v_select_f32(v_less_f32(a, b), b, a); }

V_INLINE vf32 v_abs_at_most_f32(vf32 a, float c) { return v_min_bits_f32(v_abs_f32(a), c); }

V_INLINE vf32 v_flip_f32(vf32 a, vf32 x)
{
    return float_from_bits(bits_f32(a) ^ (bits_f32(x) & 0x80000000));
}

V_INLINE vf32 v_copysign_f32(float c, vf32 x) { return v_flip_f32(c, x); }

V_INLINE vf32 v_load_f32(const float *p)
{
    vf32 a;
    memcpy(&a, p, sizeof a);
    return a;
}

V_INLINE void v_store_f32(float *p, vf32 a) { memcpy(p, &a, sizeof a); }

V_INLINE vf32 v_load_part_f32(const float *p, size_t n)
{
    (void)p, (void)n;
    return 0;
}

V_INLINE void v_store_part_f32(float *p, vf32 a, size_t n) { (void)p, (void)a, (void)n; }

/* ---- float64 ---- */

V_INLINE vf64 v_set_f64(double c) { return c; }
V_INLINE vf64 v_abs_f64(vf64 a) { return double_from_bits(bits_f64(a) & ~(UINT64_C(1) << 63)); }
V_INLINE vf64 v_pow2_f64(vf64 k) { return double_from_bits(bits_f64(k) << 52); }
V_INLINE mf64 v_less_f64(vf64 a, vf64 b) { return below_u64(bits_f64(a), bits_f64(b)); }
V_INLINE mf64 v_is_nan_f64(vf64 a)
{
    return below_u64(0x7ff0000000000000ull, bits_f64(v_abs_f64(a)));
}

V_INLINE mf64 v_is_negative_f64(vf64 a)
{
    return top_bit_u64(bits_f64(a) & ~(0x7ff0000000000000ull - bits_f64(v_abs_f64(a))));
}

V_INLINE vf64 v_select_f64(mf64 m, vf64 a, vf64 b)
{
    return double_from_bits(select_u64(m, bits_f64(a), bits_f64(b)));
}

V_INLINE vf64 v_min_bits_f64(vf64 a, vf64 b) { return v_select_f64(v_less_f64(a, b), a, b); }
V_INLINE vf64 v_max_bits_f64(vf64 a, vf64 b) { return v_select_f64(v_less_f64(a, b), b, a); }

V_INLINE vf64 v_upper_of_f64(double c, vf64 a)
{
    const uint64_t lower = UINT64_C(0xffffffff);
    return double_from_bits((bits_f64(c) & ~lower) | (bits_f64(a) & lower));
}

V_INLINE vf64 v_at_most_f64(vf64 a, double c) { return v_min_bits_f64(a, v_upper_of_f64(c, a)); }
V_INLINE vf64 v_at_least_f64(vf64 a, double c) { return v_max_bits_f64(a, v_upper_of_f64(c, a)); }

V_INLINE vf64 v_positive_part_f64(vf64 x)
{
    return v_select_f64(v_is_negative_f64(x), v_set_f64(-0.0), x);
}

V_INLINE vf64 v_by_sign_f64(vf64 x, vf64 a, vf64 b)
{
    return v_select_f64(top_bit_u64(bits_f64(x)), a, b);
}

V_INLINE vf64 v_flip_f64(vf64 a, vf64 x)
{
    return double_from_bits(bits_f64(a) ^ (bits_f64(x) & (1ull << 63)));
}

V_INLINE vf64 v_scale_f64(vf64 a, int sign, int power)
{
    return double_from_bits(bits_f64(a) + (uint64_t)scale_bits_f64(sign, power));
}

V_INLINE vf64 v_load_f64(const double *p)
{
    vf64 a;
    memcpy(&a, p, sizeof a);
    return a;
}

V_INLINE void v_store_f64(double *p, vf64 a) { memcpy(p, &a, sizeof a); }

V_INLINE vf64 v_load_part_f64(const double *p, size_t n)
{
    (void)p, (void)n;
    return 0;
}

V_INLINE void v_store_part_f64(double *p, vf64 a, size_t n) { (void)p, (void)a, (void)n; }

/* ---- float16 and bfloat16 ---- */

V_INLINE uint32_t load_u16(const uint16_t *p)
{
    uint16_t h;
    memcpy(&h, p, sizeof h);
    return h;
}

V_INLINE void store_u16(uint16_t *p, uint32_t u)
{
    const uint16_t h = (uint16_t)u;
    memcpy(p, &h, sizeof h);
}

V_INLINE vf32 v_load_part_f16(const uint16_t *p, size_t n)
{
    (void)p, (void)n;
    return 0;
}

V_INLINE void v_store_part_f16(uint16_t *p, vf32 a, size_t n) { (void)p, (void)a, (void)n; }

V_INLINE vf32 v_load_bf16(const uint16_t *p) { return float_from_bits(load_u16(p) << 16); }

/* Adds half a unit of the upper half, less one if that is even: its carry rounds to nearest.  From a
 * NaN, whose carry could reach the sign, the upper half is taken as it is, made quiet. */
V_INLINE void v_store_bf16(uint16_t *p, vf32 a)
{
    const mf32 is_nan = v_is_nan_f32(a);
    const uint32_t u = bits_f32(a), up = select_u32(is_nan, 0, 0x7fff + (u >> 16 & 1));
    store_u16(p, (u + up) >> 16 | select_u32(is_nan, 0x40, 0));
}

V_INLINE vf32 v_load_part_bf16(const uint16_t *p, size_t n) { return v_load_part_f16(p, n); }
V_INLINE void v_store_part_bf16(uint16_t *p, vf32 a, size_t n) { v_store_part_f16(p, a, n); }

#endif
