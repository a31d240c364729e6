/* One lane on a CUDA device: operations of ops.h.  The arithmetic is in ptx.h. */
#ifndef GELU_SIMD_CUDA_H
#define GELU_SIMD_CUDA_H

#include "ops.h"
#include "ptx.h"

/* Truth values are predicates. */
typedef bool mf32, mf64;

V_INLINE mf32 top_bit_u32(uint32_t u) { return (int32_t)u < 0; }
V_INLINE mf64 top_bit_u64(uint64_t u) { return (int64_t)u < 0; }
V_INLINE mf32 below_u32(uint32_t a, uint32_t b) { return a < b; }
V_INLINE mf64 below_u64(uint64_t a, uint64_t b) { return a < b; }
V_INLINE uint32_t select_u32(mf32 m, uint32_t a, uint32_t b) { return m ? a : b; }
V_INLINE uint64_t select_u64(mf64 m, uint64_t a, uint64_t b) { return m ? a : b; }

#include "lane.h"

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

V_INLINE vf32 v_unfused_max_f32(vf32 a, float c)
{
    (void)c;
    return a;
}

/* Results for NaNs are not used: see kernels/cuda.h. */
V_INLINE mf32 v_is_negative_f32(vf32 a) { return top_bit_u32(bits_f32(a)); }

V_INLINE vf32 v_positive_part_f32(vf32 x)
{
    return v_select_f32(v_is_negative_f32(x), v_set_f32(-0.0f), x);
}

V_INLINE vf32 v_limit_f32(vf32 x, vf32 s)
{
    return v_select_f32(top_bit_u32(bits_f32(x)), -0.0f, s);
}

V_INLINE vf32 v_step_f32(vf32 x) { return v_limit_f32(x, 1); }

V_INLINE vf32 v_gate_f32(vf32 a, vf32 x)
{
    return v_select_f32(top_bit_u32(bits_f32(a)), x, v_flip_f32(0, x));
}

V_INLINE vf64 v_limit_f64(vf64 x, vf64 s)
{
    return v_select_f64(top_bit_u64(bits_f64(x)), -0.0, s);
}

V_INLINE vf64 v_step_f64(vf64 x) { return v_limit_f64(x, 1); }

V_INLINE vf64 v_gate_f64(vf64 a, vf64 x)
{
    return v_select_f64(top_bit_u64(bits_f64(a)), x, v_flip_f64(0, x));
}

#define V_THROUGH_F64(name, wide) \
    V_INLINE vf32 name(vf32 x) { return narrow_f64(wide(widen_f32(x))); }

#endif
