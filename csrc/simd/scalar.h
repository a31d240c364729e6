/* One lane of plain C: the `portable` level, and the definition of every operation.  CUDA compiles it
 * too, with the arithmetic of ptx.h in place of its own.
 *
 *   vf32 vf64         lanes of float, double
 *   mf32 mf64         one truth value a lane
 *   v_add sub mul div the IEEE operations, to nearest
 *   v_quotient(a, b)  a/b, b > 0, all but correctly rounded: where dividing takes a branch, without
 *                     one; a, b and a/b normal numbers, or a = 0; float32 only
 *   v_fma(a, b, c)    a b + c, rounded once; v_fnma is c - a b; NEON has no a b - c
 *   v_mad(a, b, c)    a b + c where one rounding or two will do: fused wherever that is fast
 *   v_nmad(a, b, c)   c - a b likewise
 *   v_sub_power(c, p, m)
 *                     c - p m, rounded once, p a power of two, its negative, or 0; float64 only
 *   v_abs             clears the sign
 *   v_min_bits        the smaller and the larger of two non-negative numbers as integers of the
 *   v_max_bits        same bits: no flag, and a NaN counts as larger than infinity
 *   v_scale(a, s, k)  a s 2^k, s = 1 or -1, by adding to the exponent: a > 0 and the result normal
 *   v_sub_multiple(c, n, a)
 *                     c - n a where that is exact, n an integer of at most 26 bits; float64 only
 *   v_half(a)         a/2 for finite a, ties away from 0, in integers: subnormal numbers cost no
 *                     more than others; float64 only
 *   v_pow2(k)         k's bits shifted to the exponent's place: see EXP_MAGIC in the maths files
 *   v_less(a, b)      a < b for non-negative numbers; float64: a may be NaN, which is not less, and
 *                     quiet NaNs raise no flag
 *   v_is_negative     x < 0 and perhaps x = -0, never NaN; v_is_nan; quiet NaNs raise no flag
 *   v_select(m, a, b) a where m is true, else b
 *   v_by_sign(x, a, b) a where x's sign bit is set, else b
 *   v_flip(a, x)      a with its sign flipped where x's sign bit is set
 *   v_step(x)         -0 for x < 0, 1 for x > 0, either for x = 0, x where it is NaN; float32 only
 *   v_load v_store    a vector from and to memory of any alignment
 *   v_load_part(p, n) its first n lanes, the rest +0; v_store_part likewise; touch nothing else
 *   v_load_f16, v_store_bf16, ...
 *                     the same between vf32 and 16-bit numbers in memory, rounded to nearest even;
 *                     which lane holds which element is the level's own affair
 *
 * The names end in the type.  Every level has the same operations with the same results (v_mad,
 * v_nmad and v_quotient excepted), so one maths source gives the same bits everywhere.  CUDA's results
 * for NaN are not used: see kernels/cuda.h.
 */
#ifndef GELU_SIMD_SCALAR_H
#define GELU_SIMD_SCALAR_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "compiler.h"

#if !defined(__CUDACC__) && FLT_EVAL_METHOD != 0
#error "float and double must be computed in their own precision: build with -mfpmath=sse or alike"
#endif

typedef float vf32;
typedef double vf64;

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

/* Truth values, from bits: whether the top bit is set, and a < b for both below 2^31 or 2^63. */
#ifdef GELU_SIMD_PTX_H
/* Predicates. */
typedef bool mf32, mf64;

V_INLINE mf32 top_bit_u32(uint32_t u) { return (int32_t)u < 0; }
V_INLINE mf64 top_bit_u64(uint64_t u) { return (int64_t)u < 0; }
V_INLINE mf32 below_u32(uint32_t a, uint32_t b) { return a < b; }
V_INLINE mf64 below_u64(uint64_t a, uint64_t b) { return a < b; }
V_INLINE uint32_t select_u32(mf32 m, uint32_t a, uint32_t b) { return m ? a : b; }
V_INLINE uint64_t select_u64(mf64 m, uint64_t a, uint64_t b) { return m ? a : b; }
#else
/* All ones or zero, made and used by integer arithmetic: no branch to miss, and compilers turn the
 * loops into vectors of whatever the baseline has. */
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
#endif

/* ---- float32 ---- */

V_INLINE vf32 v_set_f32(float c) { return c; }

#ifndef GELU_SIMD_PTX_H
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
#endif

#ifdef GELU_SIMD_PTX_H
/* 1/b from b's bits, 5.1 % off at most; (1 + e)(1 + e^2) takes that error e to its fourth power, and
 * a step of the quotient squares that.  coeffs/half.py checks that all results of the half types,
 * which alone use it, are those of v_div. */
V_INLINE vf32 v_quotient_f32(vf32 a, vf32 b)
{
    vf32 guess = float_from_bits(0x7ef311c3 - bits_f32(b)); /* 254 2^23 - (5 - sqrt 24) 2^23 */
    vf32 e = v_fnma_f32(b, guess, v_set_f32(1));
    vf32 inverse = v_fma_f32(guess, e, guess);
    inverse = v_fma_f32(inverse, v_mul_f32(e, e), inverse);
    vf32 q = v_mul_f32(a, inverse);
    return v_fma_f32(v_fnma_f32(b, q, a), inverse, q);
}
#else
V_INLINE vf32 v_quotient_f32(vf32 a, vf32 b) { return v_div_f32(a, b); }
#endif

V_INLINE vf32 v_abs_f32(vf32 a) { return float_from_bits(bits_f32(a) & 0x7fffffff); }

V_INLINE vf32 v_scale_f32(vf32 a, int sign, int power)
{
    return float_from_bits(bits_f32(a) + (uint32_t)scale_bits_f32(sign, power));
}

V_INLINE vf32 v_pow2_f32(vf32 k) { return float_from_bits(bits_f32(k) << 23); }
V_INLINE mf32 v_less_f32(vf32 a, vf32 b) { return below_u32(bits_f32(a), bits_f32(b)); }
V_INLINE mf32 v_is_nan_f32(vf32 a) { return below_u32(0x7f800000u, bits_f32(v_abs_f32(a))); }

#ifdef GELU_SIMD_PTX_H
/* What comes of a NaN is not used: see kernels/cuda.h. */
V_INLINE mf32 v_is_negative_f32(vf32 a) { return top_bit_u32(bits_f32(a)); }
#else
/* The difference is negative for NaN alone. */
V_INLINE mf32 v_is_negative_f32(vf32 a)
{
    return top_bit_u32(bits_f32(a) & ~(0x7f800000u - bits_f32(v_abs_f32(a))));
}
#endif

V_INLINE vf32 v_select_f32(mf32 m, vf32 a, vf32 b)
{
    return float_from_bits(select_u32(m, bits_f32(a), bits_f32(b)));
}

V_INLINE vf32 v_min_bits_f32(vf32 a, vf32 b) { return v_select_f32(v_less_f32(a, b), a, b); }
V_INLINE vf32 v_max_bits_f32(vf32 a, vf32 b) { return v_select_f32(v_less_f32(a, b), b, a); }

V_INLINE vf32 v_by_sign_f32(vf32 x, vf32 a, vf32 b)
{
    return v_select_f32(top_bit_u32(bits_f32(x)), a, b);
}

V_INLINE vf32 v_flip_f32(vf32 a, vf32 x)
{
    return float_from_bits(bits_f32(a) ^ (bits_f32(x) & 0x80000000));
}

V_INLINE vf32 v_step_f32(vf32 x)
{
    vf32 step = v_by_sign_f32(x, -0.0f, 1);
#ifndef GELU_SIMD_PTX_H
    step = v_select_f32(v_is_nan_f32(x), x, step);
#endif
    return step;
}

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

#ifndef GELU_SIMD_PTX_H
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
#endif

V_INLINE vf64 v_abs_f64(vf64 a) { return double_from_bits(bits_f64(a) & ~(UINT64_C(1) << 63)); }
V_INLINE vf64 v_pow2_f64(vf64 k) { return double_from_bits(bits_f64(k) << 52); }
V_INLINE mf64 v_less_f64(vf64 a, vf64 b) { return below_u64(bits_f64(a), bits_f64(b)); }
V_INLINE mf64 v_is_nan_f64(vf64 a) { return below_u64(0x7ff0000000000000ull, bits_f64(v_abs_f64(a))); }

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

/* The exponent less 1, or half the bits of a subnormal number. */
V_INLINE vf64 v_half_f64(vf64 a)
{
    const vf64 half = double_from_bits(bits_f64(v_abs_f64(a)) >> 1);
    return double_from_bits(bits_f64(a) - bits_f64(v_min_bits_f64(half, 0x1p-1022)));
}

#ifndef GELU_SIMD_PTX_H
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
#endif

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

#ifndef GELU_SIMD_PTX_H
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
