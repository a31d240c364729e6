/* AVX-512 F+BW+DQ+VL: 16 floats, 8 doubles.  Operations: see scalar.h. */
#ifndef GELU_SIMD_AVX512_H
#define GELU_SIMD_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

typedef __m512 vf32;
typedef __m512d vf64;
typedef __mmask16 mf32;
typedef __mmask8 mf64;

enum { LANES_F32 = 16, LANES_F64 = 8 };

/* ---- float32 ---- */

V_INLINE vf32 v_set_f32(float c) { return _mm512_set1_ps(c); }
V_INLINE vf32 v_add_f32(vf32 a, vf32 b) { return _mm512_add_ps(a, b); }
V_INLINE vf32 v_sub_f32(vf32 a, vf32 b) { return _mm512_sub_ps(a, b); }
V_INLINE vf32 v_mul_f32(vf32 a, vf32 b) { return _mm512_mul_ps(a, b); }
V_INLINE vf32 v_div_f32(vf32 a, vf32 b) { return _mm512_div_ps(a, b); }
V_INLINE vf32 v_fma_f32(vf32 a, vf32 b, vf32 c) { return _mm512_fmadd_ps(a, b, c); }
V_INLINE vf32 v_fms_f32(vf32 a, vf32 b, vf32 c) { return _mm512_fmsub_ps(a, b, c); }
V_INLINE vf32 v_fnma_f32(vf32 a, vf32 b, vf32 c) { return _mm512_fnmadd_ps(a, b, c); }
V_INLINE vf32 v_mad_f32(vf32 a, vf32 b, vf32 c) { return _mm512_fmadd_ps(a, b, c); }
V_INLINE vf32 v_nmad_f32(vf32 a, vf32 b, vf32 c) { return _mm512_fnmadd_ps(a, b, c); }

V_INLINE vf32 v_abs_f32(vf32 a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }

V_INLINE vf32 v_min_bits_f32(vf32 a, vf32 b)
{
    return _mm512_castsi512_ps(_mm512_min_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}

V_INLINE vf32 v_max_bits_f32(vf32 a, vf32 b)
{
    return _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}

V_INLINE vf32 v_pow2_f32(vf32 k)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(k), 23));
}

V_INLINE mf32 v_less_f32(vf32 a, vf32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
V_INLINE mf32 v_is_negative_f32(vf32 a) { return v_less_f32(a, _mm512_setzero_ps()); }
V_INLINE mf32 v_is_nan_f32(vf32 a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
V_INLINE vf32 v_select_f32(mf32 m, vf32 a, vf32 b) { return _mm512_mask_blend_ps(m, b, a); }

V_INLINE vf32 v_by_sign_f32(vf32 x, vf32 a, vf32 b)
{
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), b, a);
}

V_INLINE vf32 v_flip_f32(vf32 a, vf32 x)
{
    return _mm512_xor_ps(a, _mm512_and_ps(x, _mm512_set1_ps(-0.0f)));
}

V_INLINE vf32 v_load_f32(const float *p) { return _mm512_loadu_ps(p); }
V_INLINE void v_store_f32(float *p, vf32 a) { _mm512_storeu_ps(p, a); }
V_INLINE mf32 v_part_f32(size_t n) { return (mf32)((1u << n) - 1); }

V_INLINE vf32 v_load_part_f32(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(v_part_f32(n), p);
}

V_INLINE void v_store_part_f32(float *p, vf32 a, size_t n)
{
    _mm512_mask_storeu_ps(p, v_part_f32(n), a);
}

/* ---- float64 ---- */

V_INLINE vf64 v_set_f64(double c) { return _mm512_set1_pd(c); }
V_INLINE vf64 v_add_f64(vf64 a, vf64 b) { return _mm512_add_pd(a, b); }
V_INLINE vf64 v_sub_f64(vf64 a, vf64 b) { return _mm512_sub_pd(a, b); }
V_INLINE vf64 v_mul_f64(vf64 a, vf64 b) { return _mm512_mul_pd(a, b); }
V_INLINE vf64 v_div_f64(vf64 a, vf64 b) { return _mm512_div_pd(a, b); }
V_INLINE vf64 v_fma_f64(vf64 a, vf64 b, vf64 c) { return _mm512_fmadd_pd(a, b, c); }
V_INLINE vf64 v_fms_f64(vf64 a, vf64 b, vf64 c) { return _mm512_fmsub_pd(a, b, c); }
V_INLINE vf64 v_fnma_f64(vf64 a, vf64 b, vf64 c) { return _mm512_fnmadd_pd(a, b, c); }
V_INLINE vf64 v_mad_f64(vf64 a, vf64 b, vf64 c) { return _mm512_fmadd_pd(a, b, c); }
V_INLINE vf64 v_nmad_f64(vf64 a, vf64 b, vf64 c) { return _mm512_fnmadd_pd(a, b, c); }

V_INLINE vf64 v_abs_f64(vf64 a) { return _mm512_andnot_pd(_mm512_set1_pd(-0.0), a); }

V_INLINE vf64 v_min_bits_f64(vf64 a, vf64 b)
{
    return _mm512_castsi512_pd(_mm512_min_epi64(_mm512_castpd_si512(a), _mm512_castpd_si512(b)));
}

V_INLINE vf64 v_max_bits_f64(vf64 a, vf64 b)
{
    return _mm512_castsi512_pd(_mm512_max_epi64(_mm512_castpd_si512(a), _mm512_castpd_si512(b)));
}

V_INLINE vf64 v_pow2_f64(vf64 k)
{
    return _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(k), 52));
}

V_INLINE mf64 v_less_f64(vf64 a, vf64 b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
V_INLINE mf64 v_is_negative_f64(vf64 a) { return v_less_f64(a, _mm512_setzero_pd()); }
V_INLINE mf64 v_is_nan_f64(vf64 a) { return _mm512_cmp_pd_mask(a, a, _CMP_UNORD_Q); }
V_INLINE vf64 v_select_f64(mf64 m, vf64 a, vf64 b) { return _mm512_mask_blend_pd(m, b, a); }

V_INLINE vf64 v_by_sign_f64(vf64 x, vf64 a, vf64 b)
{
    return _mm512_mask_blend_pd(_mm512_movepi64_mask(_mm512_castpd_si512(x)), b, a);
}

V_INLINE vf64 v_flip_f64(vf64 a, vf64 x)
{
    return _mm512_xor_pd(a, _mm512_and_pd(x, _mm512_set1_pd(-0.0)));
}

V_INLINE vf64 v_sub_scaled_f64(vf64 c, vf64 a, double power)
{
    return _mm512_fnmadd_pd(a, _mm512_set1_pd(power), c);
}

V_INLINE vf64 v_load_f64(const double *p) { return _mm512_loadu_pd(p); }
V_INLINE void v_store_f64(double *p, vf64 a) { _mm512_storeu_pd(p, a); }
V_INLINE mf64 v_part_f64(size_t n) { return (mf64)((1u << n) - 1); }

V_INLINE vf64 v_load_part_f64(const double *p, size_t n)
{
    return _mm512_maskz_loadu_pd(v_part_f64(n), p);
}

V_INLINE void v_store_part_f64(double *p, vf64 a, size_t n)
{
    _mm512_mask_storeu_pd(p, v_part_f64(n), a);
}

#endif
