/* Advanced SIMD of 64-bit Arm: 4 floats or 2 doubles a register.
 * Operations on one register, r_*; ops.h says what each does. */
#ifndef GELU_SIMD_NEON_H
#define GELU_SIMD_NEON_H

#include <arm_neon.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ops.h"

typedef float32x4_t rf32;
typedef float64x2_t rf64;
typedef uint32x4_t rm32;
typedef uint64x2_t rm64;
typedef uint8x16_t ri32; /* the four bytes of the number that an integer stands for */
typedef uint16x8_t ru16;

/* ---- float32 ---- */

V_INLINE rf32 r_set_f32(float c) { return vdupq_n_f32(c); }
V_INLINE rf32 r_add_f32(rf32 a, rf32 b) { return vaddq_f32(a, b); }
V_INLINE rf32 r_sub_f32(rf32 a, rf32 b) { return vsubq_f32(a, b); }
V_INLINE rf32 r_mul_f32(rf32 a, rf32 b) { return vmulq_f32(a, b); }
V_INLINE rf32 r_div_f32(rf32 a, rf32 b) { return vdivq_f32(a, b); }
V_INLINE rf32 r_fma_f32(rf32 a, rf32 b, rf32 c) { return vfmaq_f32(c, a, b); }
V_INLINE rf32 r_fnma_f32(rf32 a, rf32 b, rf32 c) { return vfmsq_f32(c, a, b); }
V_INLINE rf32 r_mad_f32(rf32 a, rf32 b, rf32 c) { return vfmaq_f32(c, a, b); }
V_INLINE rf32 r_nmad_f32(rf32 a, rf32 b, rf32 c) { return vfmsq_f32(c, a, b); }

V_INLINE rf32 r_abs_f32(rf32 a) { return vabsq_f32(a); }

V_INLINE rf32 r_min_bits_f32(rf32 a, rf32 b)
{
    return vreinterpretq_f32_s32(vminq_s32(vreinterpretq_s32_f32(a), vreinterpretq_s32_f32(b)));
}

V_INLINE rf32 r_max_bits_f32(rf32 a, rf32 b)
{
    return vreinterpretq_f32_s32(vmaxq_s32(vreinterpretq_s32_f32(a), vreinterpretq_s32_f32(b)));
}

V_INLINE rf32 r_abs_at_most_f32(rf32 a, float c)
{
    return r_min_bits_f32(r_abs_f32(a), r_set_f32(c));
}

V_INLINE rf32 r_scale_f32(rf32 a, int sign, int power)
{
    return vreinterpretq_f32_s32(
        vaddq_s32(vreinterpretq_s32_f32(a), vdupq_n_s32(scale_bits_f32(sign, power))));
}

V_INLINE rf32 r_pow2_f32(rf32 k)
{
    return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(k), 23));
}

V_INLINE rf32 r_add_bits_f32(rf32 a, rf32 b)
{
    return vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}

V_INLINE ri32 r_piece_f32(rf32 a, float origin)
{
    const uint32x4_t first = vreinterpretq_u32_f32(vdupq_n_f32(origin));
    const uint32x4_t i = vshrq_n_u32(vsubq_u32(vreinterpretq_u32_f32(a), first), 20);
    const uint32x4_t byte = vandq_u32(i, vdupq_n_u32(7 << 2));
    return vreinterpretq_u8_u32(vmlaq_u32(vdupq_n_u32(0x03020100), byte, vdupq_n_u32(0x01010101)));
}

V_INLINE rf32 r_lookup_f32(const float *table, ri32 i)
{
    const uint8x16x2_t all = vld1q_u8_x2((const uint8_t *)table);
    return vreinterpretq_f32_u8(vqtbl2q_u8(all, i));
}

V_INLINE rm32 r_less_f32(rf32 a, rf32 b) { return vcltq_f32(a, b); }

/* As integers negative NaNs lie above -infinity; a comparison of floats would raise their flag. */
V_INLINE rm32 r_is_negative_f32(rf32 a)
{
    return vcleq_s32(vreinterpretq_s32_f32(a), vreinterpretq_s32_f32(vdupq_n_f32(-INFINITY)));
}

V_INLINE rm32 r_is_nan_f32(rf32 a) { return vmvnq_u32(vceqq_f32(a, a)); }

V_INLINE rf32 r_select_f32(rm32 m, rf32 a, rf32 b) { return vbslq_f32(m, a, b); }

V_INLINE rf32 r_flip_f32(rf32 a, rf32 x)
{
    const uint32x4_t sign = vandq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0x80000000));
    return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a), sign));
}

V_INLINE rf32 r_copysign_f32(float c, rf32 x)
{
    return vbslq_f32(vdupq_n_u32(0x80000000), x, vdupq_n_f32(c));
}

V_INLINE rf32 r_positive_part_f32(rf32 x)
{
    return r_select_f32(r_is_negative_f32(x), r_set_f32(-0.0f), x);
}

V_INLINE rf32 r_limit_f32(rf32 x, rf32 s)
{
    const uint32x4_t below = vcltzq_s32(vreinterpretq_s32_f32(x)), number = vceqq_f32(x, x);
    return vbslq_f32(number, vbslq_f32(below, vdupq_n_f32(-0.0f), s), x);
}

V_INLINE rf32 r_step_f32(rf32 x) { return r_limit_f32(x, r_set_f32(1)); }

V_INLINE rf32 r_gate_f32(rf32 a, rf32 x)
{
    const rf32 zero = r_flip_f32(r_set_f32(0), x);
    const rf32 kept = r_select_f32(r_is_negative_f32(a), x, zero);
    const uint32x4_t nan = vorrq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(zero));
    return r_select_f32(r_is_nan_f32(a), vreinterpretq_f32_u32(nan), kept);
}

V_INLINE rf32 r_load_f32(const float *p) { return vld1q_f32(p); }
V_INLINE void r_store_f32(float *p, rf32 a) { vst1q_f32(p, a); }

V_INLINE rf32 r_load_part_f32(const float *p, size_t n)
{
    float block[4] = {0};
    memcpy(block, p, n * sizeof *p);
    return r_load_f32(block);
}

V_INLINE void r_store_part_f32(float *p, rf32 a, size_t n)
{
    float block[4];
    r_store_f32(block, a);
    memcpy(p, block, n * sizeof *p);
}

/* ---- float64 ---- */

V_INLINE rf64 r_set_f64(double c) { return vdupq_n_f64(c); }
V_INLINE rf64 r_add_f64(rf64 a, rf64 b) { return vaddq_f64(a, b); }
V_INLINE rf64 r_sub_f64(rf64 a, rf64 b) { return vsubq_f64(a, b); }
V_INLINE rf64 r_mul_f64(rf64 a, rf64 b) { return vmulq_f64(a, b); }
V_INLINE rf64 r_div_f64(rf64 a, rf64 b) { return vdivq_f64(a, b); }
V_INLINE rf64 r_fma_f64(rf64 a, rf64 b, rf64 c) { return vfmaq_f64(c, a, b); }
V_INLINE rf64 r_fnma_f64(rf64 a, rf64 b, rf64 c) { return vfmsq_f64(c, a, b); }
V_INLINE rf64 r_mad_f64(rf64 a, rf64 b, rf64 c) { return vfmaq_f64(c, a, b); }
V_INLINE rf64 r_nmad_f64(rf64 a, rf64 b, rf64 c) { return vfmsq_f64(c, a, b); }

V_INLINE rf64 r_abs_f64(rf64 a) { return vabsq_f64(a); }

V_INLINE rm64 r_gt_bits_f64(rf64 a, rf64 b)
{
    return vcgtq_s64(vreinterpretq_s64_f64(a), vreinterpretq_s64_f64(b));
}

V_INLINE rf64 r_min_bits_f64(rf64 a, rf64 b) { return vbslq_f64(r_gt_bits_f64(a, b), b, a); }
V_INLINE rf64 r_max_bits_f64(rf64 a, rf64 b) { return vbslq_f64(r_gt_bits_f64(a, b), a, b); }

V_INLINE rf64 r_at_most_f64(rf64 a, double c)
{
    const int32x4_t most = vreinterpretq_s32_s64(vdupq_n_s64(at_most_bits_f64(c)));
    return vreinterpretq_f64_s32(vminq_s32(vreinterpretq_s32_f64(a), most));
}

V_INLINE rf64 r_at_least_f64(rf64 a, double c)
{
    const int32x4_t least = vreinterpretq_s32_s64(vdupq_n_s64(at_least_bits_f64(c)));
    return vreinterpretq_f64_s32(vmaxq_s32(vreinterpretq_s32_f64(a), least));
}

V_INLINE rf64 r_pow2_f64(rf64 k)
{
    return vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(k), 52));
}

V_INLINE rm64 r_less_f64(rf64 a, rf64 b) { return r_gt_bits_f64(b, a); }

V_INLINE rm64 r_is_negative_f64(rf64 a)
{
    return vcleq_s64(vreinterpretq_s64_f64(a), vreinterpretq_s64_f64(vdupq_n_f64(-INFINITY)));
}

V_INLINE rm64 r_is_nan_f64(rf64 a) { return r_gt_bits_f64(vabsq_f64(a), vdupq_n_f64(INFINITY)); }

V_INLINE rf64 r_select_f64(rm64 m, rf64 a, rf64 b) { return vbslq_f64(m, a, b); }

V_INLINE rf64 r_by_sign_f64(rf64 x, rf64 a, rf64 b)
{
    return vbslq_f64(vcltzq_s64(vreinterpretq_s64_f64(x)), a, b);
}

V_INLINE rf64 r_flip_f64(rf64 a, rf64 x)
{
    const uint64x2_t sign = vandq_u64(vreinterpretq_u64_f64(x), vdupq_n_u64(UINT64_C(1) << 63));
    return vreinterpretq_f64_u64(veorq_u64(vreinterpretq_u64_f64(a), sign));
}

V_INLINE rf64 r_scale_f64(rf64 a, int sign, int power)
{
    return vreinterpretq_f64_s64(
        vaddq_s64(vreinterpretq_s64_f64(a), vdupq_n_s64(scale_bits_f64(sign, power))));
}

V_INLINE rf64 r_sub_multiple_f64(rf64 c, rf64 n, double a)
{
    return vfmsq_f64(c, n, vdupq_n_f64(a));
}

V_INLINE rf64 r_sub_power_f64(rf64 c, rf64 p, rf64 m) { return vfmsq_f64(c, p, m); }

V_INLINE rf64 r_positive_part_f64(rf64 x)
{
    return r_select_f64(r_is_negative_f64(x), r_set_f64(-0.0), x);
}

V_INLINE rf64 r_limit_f64(rf64 x, rf64 s)
{
    const uint64x2_t below = vcltzq_s64(vreinterpretq_s64_f64(x)), number = vceqq_f64(x, x);
    return vbslq_f64(number, vbslq_f64(below, vdupq_n_f64(-0.0), s), x);
}

V_INLINE rf64 r_step_f64(rf64 x) { return r_limit_f64(x, r_set_f64(1)); }

V_INLINE rf64 r_gate_f64(rf64 a, rf64 x)
{
    const rf64 zero = r_flip_f64(r_set_f64(0), x);
    const rf64 kept = r_select_f64(r_is_negative_f64(a), x, zero);
    const uint64x2_t nan = vorrq_u64(vreinterpretq_u64_f64(a), vreinterpretq_u64_f64(zero));
    return r_select_f64(r_is_nan_f64(a), vreinterpretq_f64_u64(nan), kept);
}

V_INLINE rf64 r_load_f64(const double *p) { return vld1q_f64(p); }
V_INLINE void r_store_f64(double *p, rf64 a) { vst1q_f64(p, a); }

V_INLINE rf64 r_load_part_f64(const double *p, size_t n)
{
    double block[2] = {0};
    memcpy(block, p, n * sizeof *p);
    return r_load_f64(block);
}

V_INLINE void r_store_part_f64(double *p, rf64 a, size_t n)
{
    double block[2];
    r_store_f64(block, a);
    memcpy(p, block, n * sizeof *p);
}

/* ---- float32 by way of float64 ---- */

V_INLINE rf64 r_first_f64(rf32 a) { return vcvt_f64_f32(vget_low_f32(a)); }
V_INLINE rf64 r_second_f64(rf32 a) { return vcvt_high_f64_f32(a); }
V_INLINE rf32 r_join_f64(rf64 a, rf64 b) { return vcvt_high_f32_f64(vcvt_f32_f64(a), b); }

/* ---- float16 and bfloat16 ---- */

V_INLINE ru16 r_load_u16(const uint16_t *p) { return vld1q_u16(p); }
V_INLINE void r_store_u16(uint16_t *p, ru16 h) { vst1q_u16(p, h); }

V_INLINE ru16 r_load_part_u16(const uint16_t *p, size_t n)
{
    uint16_t block[8] = {0};
    memcpy(block, p, n * sizeof *p);
    return r_load_u16(block);
}

V_INLINE void r_store_part_u16(uint16_t *p, ru16 h, size_t n)
{
    uint16_t block[8];
    r_store_u16(block, h);
    memcpy(p, block, n * sizeof *p);
}

V_INLINE rf32 r_widen_f16(uint16x4_t h)
{
    rf32 a = vcvt_f32_f16(vreinterpret_f16_u16(h));
    V_HIDE(a);
    return a;
}

V_INLINE rf32 r_first_f16(ru16 h) { return r_widen_f16(vget_low_u16(h)); }
V_INLINE rf32 r_second_f16(ru16 h) { return r_widen_f16(vget_high_u16(h)); }

V_INLINE ru16 r_join_f16(rf32 a, rf32 b)
{
    return vcombine_u16(vreinterpret_u16_f16(vcvt_f16_f32(a)),
                        vreinterpret_u16_f16(vcvt_f16_f32(b)));
}

/* The even elements, then the odd ones. */
V_INLINE rf32 r_first_bf16(ru16 h)
{
    return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_u16(h), 16));
}

V_INLINE rf32 r_second_bf16(ru16 h)
{
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_u16(h), vdupq_n_u32(0xffff0000)));
}

/* Adds half a unit of the upper half, less one if that is even: its carry rounds to nearest.  A
 * NaN has zeros below, as Arm makes it and as bfloat16 is read, and stays a NaN. */
V_INLINE uint32x4_t r_round_bf16(rf32 a)
{
    const uint32x4_t u = vreinterpretq_u32_f32(a);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(u, 16), vdupq_n_u32(1));
    return vaddq_u32(u, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
}

V_INLINE ru16 r_join_bf16(rf32 a, rf32 b)
{
    return vreinterpretq_u16_u32(vsriq_n_u32(r_round_bf16(b), r_round_bf16(a), 16));
}

#endif
