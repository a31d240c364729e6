/* AVX-512 F+BW+DQ+VL: 16 floats or 8 doubles a register.
 * Operations on one register, r_*; ops.h says what each does. */
#ifndef GELU_SIMD_AVX512_H
#define GELU_SIMD_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "ops.h"

typedef __m512 rf32;
typedef __m512d rf64;
typedef __mmask16 rm32;
typedef __mmask8 rm64;
typedef __m512i ri32;
typedef __m512i ru16;

/* ---- float32 ---- */

V_INLINE rf32 r_set_f32(float c) { return _mm512_set1_ps(c); }
V_INLINE rf32 r_add_f32(rf32 a, rf32 b) { return _mm512_add_ps(a, b); }
V_INLINE rf32 r_sub_f32(rf32 a, rf32 b) { return _mm512_sub_ps(a, b); }
V_INLINE rf32 r_mul_f32(rf32 a, rf32 b) { return _mm512_mul_ps(a, b); }
V_INLINE rf32 r_div_f32(rf32 a, rf32 b) { return _mm512_div_ps(a, b); }
V_INLINE rf32 r_fma_f32(rf32 a, rf32 b, rf32 c) { return _mm512_fmadd_ps(a, b, c); }
V_INLINE rf32 r_fnma_f32(rf32 a, rf32 b, rf32 c) { return _mm512_fnmadd_ps(a, b, c); }
V_INLINE rf32 r_mad_f32(rf32 a, rf32 b, rf32 c) { return _mm512_fmadd_ps(a, b, c); }
V_INLINE rf32 r_nmad_f32(rf32 a, rf32 b, rf32 c) { return _mm512_fnmadd_ps(a, b, c); }

V_INLINE rf32 r_abs_f32(rf32 a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }

V_INLINE rf32 r_min_bits_f32(rf32 a, rf32 b)
{
    return _mm512_castsi512_ps(_mm512_min_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}

V_INLINE rf32 r_max_bits_f32(rf32 a, rf32 b)
{
    return _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}

V_INLINE rf32 r_abs_at_most_f32(rf32 a, float c)
{
    enum { LEAST_MAGNITUDE = 2, CLEAR_SIGN = 2 << 2 };
    return _mm512_range_ps(a, _mm512_set1_ps(c), LEAST_MAGNITUDE | CLEAR_SIGN);
}

V_INLINE rf32 r_scale_f32(rf32 a, int sign, int power)
{
    return _mm512_castsi512_ps(
        _mm512_add_epi32(_mm512_castps_si512(a), _mm512_set1_epi32(scale_bits_f32(sign, power))));
}

V_INLINE rf32 r_pow2_f32(rf32 k)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(k), 23));
}

V_INLINE rf32 r_add_bits_f32(rf32 a, rf32 b)
{
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}

V_INLINE ri32 r_piece_f32(rf32 a, float origin)
{
    const __m512i first = _mm512_castps_si512(_mm512_set1_ps(origin));
    return _mm512_srli_epi32(_mm512_sub_epi32(_mm512_castps_si512(a), first), 22);
}

V_INLINE rf32 r_lookup_f32(const float *table, ri32 i)
{
    return _mm512_permutexvar_ps(i, _mm512_broadcast_f32x8(_mm256_loadu_ps(table)));
}

V_INLINE rm32 r_less_f32(rf32 a, rf32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }

/* Less than the first NaN as integers: of a quiet comparison of floats clang makes a signalling one. */
V_INLINE rm32 r_is_negative_f32(rf32 a)
{
    return _mm512_cmplt_epi32_mask(_mm512_castps_si512(a), _mm512_set1_epi32((int)0xff800001));
}

V_INLINE rm32 r_is_nan_f32(rf32 a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }

V_INLINE rf32 r_select_f32(rm32 m, rf32 a, rf32 b) { return _mm512_mask_blend_ps(m, b, a); }

V_INLINE rf32 r_flip_f32(rf32 a, rf32 x)
{
    return _mm512_xor_ps(a, _mm512_and_ps(x, _mm512_set1_ps(-0.0f)));
}

V_INLINE rf32 r_copysign_f32(float c, rf32 x)
{
    return _mm512_or_ps(_mm512_set1_ps(c), _mm512_and_ps(x, _mm512_set1_ps(-0.0f)));
}

/* One instruction chooses by the class of x: `other`, x, x as a quiet NaN, or a constant.  It raises a
 * flag for signalling NaNs alone.  Its table has a hexadecimal digit for each class, from the lowest:
 * quiet NaN, signalling NaN, 0, 1, -infinity, infinity, other negative numbers, other positive ones. */
enum {
    OTHER = 0,
    SAME = 1,
    QUIET = 2,
    MINUS_0 = 7,
    PLUS_0 = 8,
    PLUS_1 = 10,
    SIGNALLING_FLAG = 1 << 4
};
#define BY_CLASS(nan, zero, negative, positive) \
    (int)((nan) * 0x11u | (zero) * 0x100u | (negative) * 0x1010000u | (positive) * 0x10101000u)
enum {
    STEP = BY_CLASS(QUIET, PLUS_1, MINUS_0, PLUS_1),
    POSITIVE_PART = BY_CLASS(QUIET, SAME, MINUS_0, SAME),
    LIMIT = BY_CLASS(QUIET, OTHER, MINUS_0, OTHER),
    GATE = BY_CLASS(QUIET, PLUS_0, OTHER, PLUS_0)
};

enum { OR_OF_AND = 0xf8 }; /* a | (b & c), as a table */

V_INLINE rf32 r_choose_f32(rf32 x, rf32 other, int by_class)
{
    return _mm512_fixupimm_ps(other, x, _mm512_set1_epi32(by_class), SIGNALLING_FLAG);
}

V_INLINE rf32 r_step_f32(rf32 x) { return r_choose_f32(x, x, STEP); }
V_INLINE rf32 r_positive_part_f32(rf32 x) { return r_choose_f32(x, x, POSITIVE_PART); }
V_INLINE rf32 r_limit_f32(rf32 x, rf32 s) { return r_choose_f32(x, s, LIMIT); }

V_INLINE rf32 r_gate_f32(rf32 a, rf32 x)
{
    const __m512i kept = _mm512_castps_si512(r_choose_f32(a, x, GATE));
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(
        kept, _mm512_castps_si512(x), _mm512_set1_epi32((int)0x80000000), OR_OF_AND));
}

V_INLINE rf32 r_load_f32(const float *p) { return _mm512_loadu_ps(p); }
V_INLINE void r_store_f32(float *p, rf32 a) { _mm512_storeu_ps(p, a); }
V_INLINE rm32 r_part_f32(size_t n) { return (rm32)((1u << n) - 1); }

V_INLINE rf32 r_load_part_f32(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(r_part_f32(n), p);
}

V_INLINE void r_store_part_f32(float *p, rf32 a, size_t n)
{
    _mm512_mask_storeu_ps(p, r_part_f32(n), a);
}

/* ---- float64 ---- */

V_INLINE rf64 r_set_f64(double c) { return _mm512_set1_pd(c); }
V_INLINE rf64 r_add_f64(rf64 a, rf64 b) { return _mm512_add_pd(a, b); }
V_INLINE rf64 r_sub_f64(rf64 a, rf64 b) { return _mm512_sub_pd(a, b); }
V_INLINE rf64 r_mul_f64(rf64 a, rf64 b) { return _mm512_mul_pd(a, b); }
V_INLINE rf64 r_div_f64(rf64 a, rf64 b) { return _mm512_div_pd(a, b); }
V_INLINE rf64 r_fma_f64(rf64 a, rf64 b, rf64 c) { return _mm512_fmadd_pd(a, b, c); }
V_INLINE rf64 r_fnma_f64(rf64 a, rf64 b, rf64 c) { return _mm512_fnmadd_pd(a, b, c); }
V_INLINE rf64 r_mad_f64(rf64 a, rf64 b, rf64 c) { return _mm512_fmadd_pd(a, b, c); }
V_INLINE rf64 r_nmad_f64(rf64 a, rf64 b, rf64 c) { return _mm512_fnmadd_pd(a, b, c); }

V_INLINE rf64 r_abs_f64(rf64 a) { return _mm512_andnot_pd(_mm512_set1_pd(-0.0), a); }

V_INLINE rf64 r_min_bits_f64(rf64 a, rf64 b)
{
    return _mm512_castsi512_pd(_mm512_min_epi64(_mm512_castpd_si512(a), _mm512_castpd_si512(b)));
}

V_INLINE rf64 r_max_bits_f64(rf64 a, rf64 b)
{
    return _mm512_castsi512_pd(_mm512_max_epi64(_mm512_castpd_si512(a), _mm512_castpd_si512(b)));
}

V_INLINE rf64 r_at_most_f64(rf64 a, double c)
{
    return _mm512_castsi512_pd(
        _mm512_min_epi32(_mm512_castpd_si512(a), _mm512_set1_epi64(at_most_bits_f64(c))));
}

V_INLINE rf64 r_at_least_f64(rf64 a, double c)
{
    return _mm512_castsi512_pd(
        _mm512_max_epi32(_mm512_castpd_si512(a), _mm512_set1_epi64(at_least_bits_f64(c))));
}

V_INLINE rf64 r_pow2_f64(rf64 k)
{
    return _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(k), 52));
}

V_INLINE rm64 r_less_f64(rf64 a, rf64 b)
{
    return _mm512_cmplt_epi64_mask(_mm512_castpd_si512(a), _mm512_castpd_si512(b));
}

V_INLINE rm64 r_is_negative_f64(rf64 a)
{
    return _mm512_cmplt_epi64_mask(_mm512_castpd_si512(a),
                                   _mm512_set1_epi64((int64_t)0xfff0000000000001));
}

V_INLINE rm64 r_is_nan_f64(rf64 a) { return _mm512_cmp_pd_mask(a, a, _CMP_UNORD_Q); }
V_INLINE rf64 r_select_f64(rm64 m, rf64 a, rf64 b) { return _mm512_mask_blend_pd(m, b, a); }

V_INLINE rf64 r_by_sign_f64(rf64 x, rf64 a, rf64 b)
{
    return _mm512_mask_blend_pd(_mm512_movepi64_mask(_mm512_castpd_si512(x)), b, a);
}

V_INLINE rf64 r_flip_f64(rf64 a, rf64 x)
{
    return _mm512_xor_pd(a, _mm512_and_pd(x, _mm512_set1_pd(-0.0)));
}

V_INLINE rf64 r_scale_f64(rf64 a, int sign, int power)
{
    return _mm512_castsi512_pd(
        _mm512_add_epi64(_mm512_castpd_si512(a), _mm512_set1_epi64(scale_bits_f64(sign, power))));
}

V_INLINE rf64 r_sub_multiple_f64(rf64 c, rf64 n, double a)
{
    return _mm512_fnmadd_pd(n, _mm512_set1_pd(a), c);
}

V_INLINE rf64 r_sub_power_f64(rf64 c, rf64 p, rf64 m) { return _mm512_fnmadd_pd(p, m, c); }

V_INLINE rf64 r_choose_f64(rf64 x, rf64 other, int by_class)
{
    return _mm512_fixupimm_pd(other, x, _mm512_set1_epi64(by_class), SIGNALLING_FLAG);
}

V_INLINE rf64 r_step_f64(rf64 x) { return r_choose_f64(x, x, STEP); }
V_INLINE rf64 r_positive_part_f64(rf64 x) { return r_choose_f64(x, x, POSITIVE_PART); }
V_INLINE rf64 r_limit_f64(rf64 x, rf64 s) { return r_choose_f64(x, s, LIMIT); }

V_INLINE rf64 r_gate_f64(rf64 a, rf64 x)
{
    const __m512i kept = _mm512_castpd_si512(r_choose_f64(a, x, GATE));
    return _mm512_castsi512_pd(_mm512_ternarylogic_epi64(kept, _mm512_castpd_si512(x),
                                                         _mm512_set1_epi64(INT64_MIN), OR_OF_AND));
}

V_INLINE rf64 r_load_f64(const double *p) { return _mm512_loadu_pd(p); }
V_INLINE void r_store_f64(double *p, rf64 a) { _mm512_storeu_pd(p, a); }
V_INLINE rm64 r_part_f64(size_t n) { return (rm64)((1u << n) - 1); }

V_INLINE rf64 r_load_part_f64(const double *p, size_t n)
{
    return _mm512_maskz_loadu_pd(r_part_f64(n), p);
}

V_INLINE void r_store_part_f64(double *p, rf64 a, size_t n)
{
    _mm512_mask_storeu_pd(p, r_part_f64(n), a);
}

/* ---- float32 by way of float64 ---- */

V_INLINE rf64 r_first_f64(rf32 a) { return _mm512_cvtps_pd(_mm512_castps512_ps256(a)); }
V_INLINE rf64 r_second_f64(rf32 a) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1)); }

V_INLINE rf32 r_join_f64(rf64 a, rf64 b)
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(a)), _mm512_cvtpd_ps(b), 1);
}

/* ---- float16 and bfloat16 ---- */

V_INLINE ru16 r_load_u16(const uint16_t *p) { return _mm512_loadu_si512(p); }
V_INLINE void r_store_u16(uint16_t *p, ru16 h) { _mm512_storeu_si512(p, h); }

V_INLINE ru16 r_load_part_u16(const uint16_t *p, size_t n)
{
    return _mm512_maskz_loadu_epi16((__mmask32)((1u << n) - 1), p);
}

V_INLINE void r_store_part_u16(uint16_t *p, ru16 h, size_t n)
{
    _mm512_mask_storeu_epi16(p, (__mmask32)((1u << n) - 1), h);
}

V_INLINE rf32 r_widen_f16(__m256i h)
{
    rf32 a = _mm512_cvtph_ps(h);
    V_HIDE(a);
    return a;
}

V_INLINE rf32 r_first_f16(ru16 h) { return r_widen_f16(_mm512_castsi512_si256(h)); }
V_INLINE rf32 r_second_f16(ru16 h) { return r_widen_f16(_mm512_extracti64x4_epi64(h, 1)); }

V_INLINE ru16 r_join_f16(rf32 a, rf32 b)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT)),
                              _mm512_cvtps_ph(b, _MM_FROUND_TO_NEAREST_INT), 1);
}

/* The even elements, then the odd ones. */
V_INLINE rf32 r_first_bf16(ru16 h) { return _mm512_castsi512_ps(_mm512_slli_epi32(h, 16)); }

V_INLINE rf32 r_second_bf16(ru16 h)
{
    return _mm512_castsi512_ps(_mm512_and_si512(h, _mm512_set1_epi32((int)0xffff0000)));
}

/* Adds half a unit of the upper half, less one if that is even: its carry rounds to nearest.  A
 * NaN has zeros below, as x86 makes it and as bfloat16 is read, and stays a NaN. */
V_INLINE __m512i r_round_bf16(rf32 a)
{
    const __m512i u = _mm512_castps_si512(a);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    return _mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
}

V_INLINE ru16 r_join_bf16(rf32 a, rf32 b)
{
    return _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(r_round_bf16(a), 16),
                                   r_round_bf16(b));
}

#endif
