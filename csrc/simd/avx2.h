/* AVX2 with FMA: 8 floats or 4 doubles a register.
 * Operations on one register, r_*; ops.h says what each does. */
#ifndef GELU_SIMD_AVX2_H
#define GELU_SIMD_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ops.h"

typedef __m256 rf32;
typedef __m256d rf64;
typedef __m256 rm32;
typedef __m256d rm64;
typedef __m256i ri32;
typedef __m256i ru16;

/* ---- float32 ---- */

V_INLINE rf32 r_set_f32(float c) { return _mm256_set1_ps(c); }
V_INLINE rf32 r_add_f32(rf32 a, rf32 b) { return _mm256_add_ps(a, b); }
V_INLINE rf32 r_sub_f32(rf32 a, rf32 b) { return _mm256_sub_ps(a, b); }
V_INLINE rf32 r_mul_f32(rf32 a, rf32 b) { return _mm256_mul_ps(a, b); }
V_INLINE rf32 r_div_f32(rf32 a, rf32 b) { return _mm256_div_ps(a, b); }
V_INLINE rf32 r_fma_f32(rf32 a, rf32 b, rf32 c) { return _mm256_fmadd_ps(a, b, c); }
V_INLINE rf32 r_fnma_f32(rf32 a, rf32 b, rf32 c) { return _mm256_fnmadd_ps(a, b, c); }
V_INLINE rf32 r_mad_f32(rf32 a, rf32 b, rf32 c) { return _mm256_fmadd_ps(a, b, c); }
V_INLINE rf32 r_nmad_f32(rf32 a, rf32 b, rf32 c) { return _mm256_fnmadd_ps(a, b, c); }

V_INLINE rf32 r_abs_f32(rf32 a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }

V_INLINE rf32 r_min_bits_f32(rf32 a, rf32 b)
{
    return _mm256_castsi256_ps(_mm256_min_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
}

V_INLINE rf32 r_max_bits_f32(rf32 a, rf32 b)
{
    return _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
}

V_INLINE rf32 r_abs_at_most_f32(rf32 a, float c)
{
    return r_min_bits_f32(r_abs_f32(a), r_set_f32(c));
}

V_INLINE rf32 r_scale_f32(rf32 a, int sign, int power)
{
    return _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_castps_si256(a), _mm256_set1_epi32(scale_bits_f32(sign, power))));
}

V_INLINE rf32 r_pow2_f32(rf32 k)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(k), 23));
}

V_INLINE rf32 r_add_bits_f32(rf32 a, rf32 b)
{
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
}

V_INLINE ri32 r_piece_f32(rf32 a, float origin)
{
    const __m256i first = _mm256_castps_si256(_mm256_set1_ps(origin));
    return _mm256_srli_epi32(_mm256_sub_epi32(_mm256_castps_si256(a), first), 22);
}

V_INLINE rf32 r_lookup_f32(const float *table, ri32 i)
{
    return _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), i);
}

V_INLINE rm32 r_less_f32(rf32 a, rf32 b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }

/* Less than the first NaN as integers: of a quiet comparison of floats clang makes a signalling one. */
V_INLINE rm32 r_is_negative_f32(rf32 a)
{
    return _mm256_castsi256_ps(
        _mm256_cmpgt_epi32(_mm256_set1_epi32((int)0xff800001), _mm256_castps_si256(a)));
}

V_INLINE rm32 r_is_nan_f32(rf32 a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
V_INLINE rf32 r_select_f32(rm32 m, rf32 a, rf32 b) { return _mm256_blendv_ps(b, a, m); }
V_INLINE rf32 r_by_sign_f32(rf32 x, rf32 a, rf32 b) { return _mm256_blendv_ps(b, a, x); }

V_INLINE rf32 r_flip_f32(rf32 a, rf32 x)
{
    return _mm256_xor_ps(a, _mm256_and_ps(x, _mm256_set1_ps(-0.0f)));
}

V_INLINE rf32 r_copysign_f32(float c, rf32 x)
{
    return r_by_sign_f32(x, _mm256_set1_ps(-c), _mm256_set1_ps(c));
}

V_INLINE rf32 r_positive_part_f32(rf32 x)
{
    return r_select_f32(r_is_negative_f32(x), r_set_f32(-0.0f), x);
}

V_INLINE rf32 r_limit_f32(rf32 x, rf32 s)
{
    return r_select_f32(r_is_nan_f32(x), x, r_by_sign_f32(x, r_set_f32(-0.0f), s));
}

V_INLINE rf32 r_step_f32(rf32 x) { return r_limit_f32(x, r_set_f32(1)); }

V_INLINE rf32 r_gate_f32(rf32 a, rf32 x)
{
    const rf32 zero = r_flip_f32(r_set_f32(0), x);
    const rf32 kept = r_select_f32(r_is_negative_f32(a), x, zero);
    return r_select_f32(r_is_nan_f32(a), _mm256_or_ps(a, zero), kept);
}

V_INLINE rf32 r_load_f32(const float *p) { return _mm256_loadu_ps(p); }
V_INLINE void r_store_f32(float *p, rf32 a) { _mm256_storeu_ps(p, a); }

V_INLINE __m256i r_part_f32(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

V_INLINE rf32 r_load_part_f32(const float *p, size_t n)
{
    return _mm256_maskload_ps(p, r_part_f32(n));
}

V_INLINE void r_store_part_f32(float *p, rf32 a, size_t n)
{
    _mm256_maskstore_ps(p, r_part_f32(n), a);
}

/* ---- float64 ---- */

V_INLINE rf64 r_set_f64(double c) { return _mm256_set1_pd(c); }
V_INLINE rf64 r_add_f64(rf64 a, rf64 b) { return _mm256_add_pd(a, b); }
V_INLINE rf64 r_sub_f64(rf64 a, rf64 b) { return _mm256_sub_pd(a, b); }
V_INLINE rf64 r_mul_f64(rf64 a, rf64 b) { return _mm256_mul_pd(a, b); }
V_INLINE rf64 r_div_f64(rf64 a, rf64 b) { return _mm256_div_pd(a, b); }
V_INLINE rf64 r_fma_f64(rf64 a, rf64 b, rf64 c) { return _mm256_fmadd_pd(a, b, c); }
V_INLINE rf64 r_fnma_f64(rf64 a, rf64 b, rf64 c) { return _mm256_fnmadd_pd(a, b, c); }
V_INLINE rf64 r_mad_f64(rf64 a, rf64 b, rf64 c) { return _mm256_fmadd_pd(a, b, c); }
V_INLINE rf64 r_nmad_f64(rf64 a, rf64 b, rf64 c) { return _mm256_fnmadd_pd(a, b, c); }

V_INLINE rf64 r_abs_f64(rf64 a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }

V_INLINE __m256d r_gt_bits_f64(rf64 a, rf64 b)
{
    return _mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_castpd_si256(a), _mm256_castpd_si256(b)));
}

V_INLINE rf64 r_min_bits_f64(rf64 a, rf64 b) { return _mm256_blendv_pd(a, b, r_gt_bits_f64(a, b)); }
V_INLINE rf64 r_max_bits_f64(rf64 a, rf64 b) { return _mm256_blendv_pd(b, a, r_gt_bits_f64(a, b)); }

V_INLINE rf64 r_at_most_f64(rf64 a, double c)
{
    return _mm256_castsi256_pd(
        _mm256_min_epi32(_mm256_castpd_si256(a), _mm256_set1_epi64x(at_most_bits_f64(c))));
}

V_INLINE rf64 r_at_least_f64(rf64 a, double c)
{
    return _mm256_castsi256_pd(
        _mm256_max_epi32(_mm256_castpd_si256(a), _mm256_set1_epi64x(at_least_bits_f64(c))));
}

V_INLINE rf64 r_pow2_f64(rf64 k)
{
    return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(k), 52));
}

V_INLINE rm64 r_less_f64(rf64 a, rf64 b) { return r_gt_bits_f64(b, a); }

V_INLINE rm64 r_is_negative_f64(rf64 a)
{
    return _mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_set1_epi64x((int64_t)0xfff0000000000001),
                                                  _mm256_castpd_si256(a)));
}

V_INLINE rm64 r_is_nan_f64(rf64 a) { return _mm256_cmp_pd(a, a, _CMP_UNORD_Q); }
V_INLINE rf64 r_select_f64(rm64 m, rf64 a, rf64 b) { return _mm256_blendv_pd(b, a, m); }
V_INLINE rf64 r_by_sign_f64(rf64 x, rf64 a, rf64 b) { return _mm256_blendv_pd(b, a, x); }

V_INLINE rf64 r_flip_f64(rf64 a, rf64 x)
{
    return _mm256_xor_pd(a, _mm256_and_pd(x, _mm256_set1_pd(-0.0)));
}

V_INLINE rf64 r_scale_f64(rf64 a, int sign, int power)
{
    return _mm256_castsi256_pd(
        _mm256_add_epi64(_mm256_castpd_si256(a), _mm256_set1_epi64x(scale_bits_f64(sign, power))));
}

V_INLINE rf64 r_sub_multiple_f64(rf64 c, rf64 n, double a)
{
    return _mm256_fnmadd_pd(n, _mm256_set1_pd(a), c);
}

V_INLINE rf64 r_sub_power_f64(rf64 c, rf64 p, rf64 m) { return _mm256_fnmadd_pd(p, m, c); }

V_INLINE rf64 r_positive_part_f64(rf64 x)
{
    return r_select_f64(r_is_negative_f64(x), r_set_f64(-0.0), x);
}

V_INLINE rf64 r_limit_f64(rf64 x, rf64 s)
{
    return r_select_f64(r_is_nan_f64(x), x, r_by_sign_f64(x, r_set_f64(-0.0), s));
}

V_INLINE rf64 r_step_f64(rf64 x) { return r_limit_f64(x, r_set_f64(1)); }

V_INLINE rf64 r_gate_f64(rf64 a, rf64 x)
{
    const rf64 zero = r_flip_f64(r_set_f64(0), x);
    const rf64 kept = r_select_f64(r_is_negative_f64(a), x, zero);
    return r_select_f64(r_is_nan_f64(a), _mm256_or_pd(a, zero), kept);
}

V_INLINE rf64 r_load_f64(const double *p) { return _mm256_loadu_pd(p); }
V_INLINE void r_store_f64(double *p, rf64 a) { _mm256_storeu_pd(p, a); }

V_INLINE __m256i r_part_f64(size_t n)
{
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), _mm256_setr_epi64x(0, 1, 2, 3));
}

V_INLINE rf64 r_load_part_f64(const double *p, size_t n)
{
    return _mm256_maskload_pd(p, r_part_f64(n));
}

V_INLINE void r_store_part_f64(double *p, rf64 a, size_t n)
{
    _mm256_maskstore_pd(p, r_part_f64(n), a);
}

/* ---- float32 by way of float64 ---- */

V_INLINE rf64 r_first_f64(rf32 a) { return _mm256_cvtps_pd(_mm256_castps256_ps128(a)); }
V_INLINE rf64 r_second_f64(rf32 a) { return _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1)); }

V_INLINE rf32 r_join_f64(rf64 a, rf64 b)
{
    return _mm256_set_m128(_mm256_cvtpd_ps(b), _mm256_cvtpd_ps(a));
}

/* ---- float16 and bfloat16 ---- */

V_INLINE ru16 r_load_u16(const uint16_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
V_INLINE void r_store_u16(uint16_t *p, ru16 h) { _mm256_storeu_si256((__m256i *)p, h); }

/* Pairs of elements by mask, then the last one of an odd number, which is the lower half of a pair.
 * A copy by way of memory costs the delay of a load that two stores contribute to. */
V_INLINE ru16 r_load_part_u16(const uint16_t *p, size_t n)
{
    const ru16 pairs = _mm256_maskload_epi32((const int *)p, r_part_f32(n / 2));
    uint16_t last;
    if (n % 2 == 0)
        return pairs;
    memcpy(&last, p + n - 1, sizeof last);
    return _mm256_or_si256(
        pairs, _mm256_andnot_si256(r_part_f32(n / 2), _mm256_and_si256(r_part_f32(n / 2 + 1),
                                                                       _mm256_set1_epi32(last))));
}

V_INLINE void r_store_part_u16(uint16_t *p, ru16 h, size_t n)
{
    _mm256_maskstore_epi32((int *)p, r_part_f32(n / 2), h);
    if (n % 2) {
        const __m256i pair = _mm256_permutevar8x32_epi32(h, _mm256_set1_epi32((int)(n / 2)));
        const uint16_t last = (uint16_t)_mm_cvtsi128_si32(_mm256_castsi256_si128(pair));
        memcpy(p + n - 1, &last, sizeof last);
    }
}

V_INLINE rf32 r_widen_f16(__m128i h)
{
    rf32 a = _mm256_cvtph_ps(h);
    V_HIDE(a);
    return a;
}

V_INLINE rf32 r_first_f16(ru16 h) { return r_widen_f16(_mm256_castsi256_si128(h)); }
V_INLINE rf32 r_second_f16(ru16 h) { return r_widen_f16(_mm256_extracti128_si256(h, 1)); }

V_INLINE ru16 r_join_f16(rf32 a, rf32 b)
{
    return _mm256_set_m128i(_mm256_cvtps_ph(b, _MM_FROUND_TO_NEAREST_INT),
                            _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

/* The even elements, then the odd ones. */
V_INLINE rf32 r_first_bf16(ru16 h) { return _mm256_castsi256_ps(_mm256_slli_epi32(h, 16)); }

V_INLINE rf32 r_second_bf16(ru16 h)
{
    return _mm256_castsi256_ps(_mm256_and_si256(h, _mm256_set1_epi32((int)0xffff0000)));
}

/* Adds half a unit of the upper half, less one if that is even: its carry rounds to nearest.  A
 * NaN has zeros below, as x86 makes it and as bfloat16 is read, and stays a NaN. */
V_INLINE __m256i r_round_bf16(rf32 a)
{
    const __m256i u = _mm256_castps_si256(a);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    return _mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
}

V_INLINE ru16 r_join_bf16(rf32 a, rf32 b)
{
    return _mm256_blend_epi16(_mm256_srli_epi32(r_round_bf16(a), 16), r_round_bf16(b), 0xaa);
}

#endif
