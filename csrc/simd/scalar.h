/* One lane of plain C, the portable level: operations of ops.h. */
#ifndef GELU_SIMD_SCALAR_H
#define GELU_SIMD_SCALAR_H

#include <float.h>

#include "ops.h"

#if FLT_EVAL_METHOD != 0
#error "float and double must be computed in their own precision: build with -mfpmath=sse or alike"
#endif

/* Truth values are all ones or zero, made and used by integer arithmetic: no branch to miss, and
 * compilers turn the loops into vectors of whatever the baseline has. */
typedef int32_t mf32;
typedef int64_t mf64;

V_INLINE mf32 top_bit_u32(uint32_t u) { return -(int32_t)(u >> 31); }
V_INLINE mf64 top_bit_u64(uint64_t u) { return -(int64_t)(u >> 63); }
V_INLINE mf32 below_u32(uint32_t a, uint32_t b) { return top_bit_u32(a - b); }
V_INLINE mf64 below_u64(uint64_t a, uint64_t b) { return top_bit_u64(a - b); }

V_INLINE uint32_t select_u32(mf32 m, uint32_t a, uint32_t b)
{
    return (a & (uint32_t)m) | (b & ~(uint32_t)m);
}

V_INLINE uint64_t select_u64(mf64 m, uint64_t a, uint64_t b)
{
    return (a & (uint64_t)m) | (b & ~(uint64_t)m);
}

#include "lane.h"

/* ---- float32 ---- */

V_INLINE vf32 v_add_f32(vf32 a, vf32 b) { return a + b; }
V_INLINE vf32 v_sub_f32(vf32 a, vf32 b) { return a - b; }
V_INLINE vf32 v_mul_f32(vf32 a, vf32 b) { return a * b; }
V_INLINE vf32 v_div_f32(vf32 a, vf32 b) { return a / b; }

/* The product is exact in double.  The sum is rounded to double, then to float: differs from one
 * rounding only where the first lands on a tie of the second, about once in 2^29. */
V_INLINE vf32 v_fma_f32(vf32 a, vf32 b, vf32 c) { return (float)((double)a * b + c); }
V_INLINE vf32 v_fnma_f32(vf32 a, vf32 b, vf32 c) { return (float)(c - (double)a * b); }
V_INLINE vf32 v_mad_f32(vf32 a, vf32 b, vf32 c) { return a * b + c; }
V_INLINE vf32 v_nmad_f32(vf32 a, vf32 b, vf32 c) { return c - a * b; }
V_INLINE vf32 v_quotient_f32(vf32 a, vf32 b) { return v_div_f32(a, b); }
V_INLINE vf32 v_unfused_max_f32(vf32 a, float c) { return v_max_bits_f32(a, c); }

/* The difference is negative for NaN alone. */
V_INLINE mf32 v_is_negative_f32(vf32 a)
{
    return top_bit_u32(bits_f32(a) & ~(0x7f800000u - bits_f32(v_abs_f32(a))));
}

V_INLINE vf32 v_positive_part_f32(vf32 x)
{
    return v_select_f32(v_is_negative_f32(x), v_set_f32(-0.0f), x);
}

V_INLINE vf32 v_limit_f32(vf32 x, vf32 s)
{
    const vf32 limit = v_select_f32(top_bit_u32(bits_f32(x)), -0.0f, s);
    return v_select_f32(v_is_nan_f32(x), x, limit);
}

V_INLINE vf32 v_step_f32(vf32 x) { return v_limit_f32(x, 1); }

V_INLINE vf32 v_gate_f32(vf32 a, vf32 x)
{
    const vf32 zero = v_flip_f32(0, x);
    const vf32 kept = v_select_f32(top_bit_u32(bits_f32(a)), x, zero);
    const vf32 nan = float_from_bits(bits_f32(a) | bits_f32(zero));
    return v_select_f32(v_is_nan_f32(a), nan, kept);
}

/* ---- float64 ---- */

V_INLINE vf64 v_add_f64(vf64 a, vf64 b) { return a + b; }
V_INLINE vf64 v_sub_f64(vf64 a, vf64 b) { return a - b; }
V_INLINE vf64 v_mul_f64(vf64 a, vf64 b) { return a * b; }
V_INLINE vf64 v_div_f64(vf64 a, vf64 b) { return a / b; }

/* What p = a b lost in rounding, exactly away from the ends of the range (Dekker 1971). */
V_INLINE double product_error_f64(double a, double b, double p)
{
    const double splitter = 0x1p27 + 1;
    const double ta = splitter * a, ah = ta - (ta - a), al = a - ah;
    const double tb = splitter * b, bh = tb - (tb - b), bl = b - bh;
    return ((ah * bh - p) + ah * bl + al * bh) + al * bl;
}

/* The sum's error is exact too (Knuth).  Adding both errors rounds: far below the result. */
V_INLINE vf64 v_fma_f64(vf64 a, vf64 b, vf64 c)
{
    const double p = a * b, sum = p + c, part = sum - p;
    return sum + (((p - (sum - part)) + (c - part)) + product_error_f64(a, b, p));
}

/* The maths takes this where a b and c all but cancel, so that their difference is exact. */
V_INLINE vf64 v_fnma_f64(vf64 a, vf64 b, vf64 c)
{
    const double p = a * b;
    return (c - p) - product_error_f64(a, b, p);
}

V_INLINE vf64 v_mad_f64(vf64 a, vf64 b, vf64 c) { return a * b + c; }
V_INLINE vf64 v_nmad_f64(vf64 a, vf64 b, vf64 c) { return c - a * b; }

/* Exact: both products, the first difference as a multiple of the same as the result. */
V_INLINE vf64 v_sub_multiple_f64(vf64 c, vf64 n, double a)
{
    const double high = double_from_bits(bits_f64(a) & ~UINT64_C(0x7ffffff));
    return (c - n * high) - n * (a - high);
}

/* A product that underflows raises a flag even where the difference would not show it: drop it. */
V_INLINE vf64 v_sub_power_f64(vf64 c, vf64 p, vf64 m)
{
    const mf64 lost = v_less_f64(v_abs_f64(p), 0x1p-600) & ~v_less_f64(v_abs_f64(c), 0x1p-200);
    return c - v_select_f64(lost, 0, p) * m;
}

V_INLINE vf64 v_limit_f64(vf64 x, vf64 s)
{
    const vf64 limit = v_select_f64(top_bit_u64(bits_f64(x)), -0.0, s);
    return v_select_f64(v_is_nan_f64(x), x, limit);
}

V_INLINE vf64 v_step_f64(vf64 x) { return v_limit_f64(x, 1); }

V_INLINE vf64 v_gate_f64(vf64 a, vf64 x)
{
    const vf64 zero = v_flip_f64(0, x);
    const vf64 kept = v_select_f64(top_bit_u64(bits_f64(a)), x, zero);
    const vf64 nan = double_from_bits(bits_f64(a) | bits_f64(zero));
    return v_select_f64(v_is_nan_f64(a), nan, kept);
}

/* ---- float32 by way of float64 ---- */

#define V_THROUGH_F64(name, wide) \
    V_INLINE vf32 name(vf32 x) { return (vf32)wide((vf64)x); }

/* ---- float16 ---- */

/* The exponent's bias changes by an exact product, and the largest exponent becomes float's. */
V_INLINE vf32 v_load_f16(const uint16_t *p)
{
    const uint32_t h = load_u16(p), magnitude = (h & 0x7fff) << 13, sign = (h & 0x8000) << 16;
    const uint32_t u = bits_f32(float_from_bits(magnitude) * 0x1p112f);
    const mf32 is_finite = below_u32(magnitude, 0x7c00 << 13);
    return float_from_bits(u | sign | select_u32(is_finite, 0, 0x7f800000));
}

/* Below 2^-14 the sum with 1/2, whose ulp is 2^-24, rounds; elsewhere the carry of an integer sum,
 * up to 65520, which and all beyond is infinite. */
V_INLINE void v_store_f16(uint16_t *p, vf32 a)
{
    const uint32_t sign = bits_f32(a) >> 16 & 0x8000, u = bits_f32(v_abs_f32(a));
    const uint32_t small = bits_f32(float_from_bits(u) + 0.5f) - bits_f32(0.5f);
    const uint32_t rounded = (u - (112u << 23) + 0xfff + (u >> 13 & 1)) >> 13;
    const uint32_t finite = select_u32(below_u32(u, bits_f32(0x1p-14f)), small, rounded);
    const uint32_t end = select_u32(below_u32(0x7f800000, u), 0x7e00, 0x7c00);
    store_u16(p, sign | select_u32(below_u32(u, bits_f32(65520)), finite, end));
}

#endif
