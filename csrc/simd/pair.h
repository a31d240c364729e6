/* The operations on two registers at a time, v_*, made from those on one, r_*.
 *
 * Two independent chains of operations side by side hide each other's latency, which the processor
 * alone does only as far as its queues reach: 5 to 15 % on Zen 4.
 */
#ifndef GELU_SIMD_PAIR_H
#define GELU_SIMD_PAIR_H

typedef struct {
    rf32 a, b;
} vf32;

typedef struct {
    rf64 a, b;
} vf64;

typedef struct {
    rm32 a, b;
} mf32;

typedef struct {
    ri32 a, b;
} vi32;

typedef struct {
    rm64 a, b;
} mf64;

#define PAIR_1(R, op, X) \
    V_INLINE R v_##op(X x) { return (R){r_##op(x.a), r_##op(x.b)}; }
#define PAIR_2(R, op, X, Y) \
    V_INLINE R v_##op(X x, Y y) { return (R){r_##op(x.a, y.a), r_##op(x.b, y.b)}; }
#define PAIR_3(R, op, X, Y, Z) \
    V_INLINE R v_##op(X x, Y y, Z z) { return (R){r_##op(x.a, y.a, z.a), r_##op(x.b, y.b, z.b)}; }

#define PAIR(type, V, M, ELEMENT)                                                           \
    PAIR_2(V, add_##type, V, V)                                                             \
    PAIR_2(V, sub_##type, V, V)                                                             \
    PAIR_2(V, mul_##type, V, V)                                                             \
    PAIR_2(V, div_##type, V, V)                                                             \
    PAIR_3(V, fma_##type, V, V, V)                                                          \
    PAIR_3(V, fnma_##type, V, V, V)                                                         \
    PAIR_3(V, mad_##type, V, V, V)                                                          \
    PAIR_3(V, nmad_##type, V, V, V)                                                         \
    PAIR_1(V, abs_##type, V)                                                                \
    PAIR_2(V, min_bits_##type, V, V)                                                        \
    PAIR_2(V, max_bits_##type, V, V)                                                        \
    PAIR_1(V, step_##type, V)                                                               \
    PAIR_1(V, positive_part_##type, V)                                                      \
    PAIR_2(V, limit_##type, V, V)                                                           \
    PAIR_2(V, gate_##type, V, V)                                                            \
    PAIR_1(V, pow2_##type, V)                                                               \
    PAIR_2(M, less_##type, V, V)                                                            \
    PAIR_1(M, is_negative_##type, V)                                                        \
    PAIR_1(M, is_nan_##type, V)                                                             \
    PAIR_3(V, select_##type, M, V, V)                                                       \
    PAIR_2(V, flip_##type, V, V)                                                            \
                                                                                            \
    enum { LANES_##type = sizeof(r_set_##type(0)) / sizeof(ELEMENT) };                      \
                                                                                            \
    V_INLINE V v_set_##type(ELEMENT c) { return (V){r_set_##type(c), r_set_##type(c)}; }    \
    V_INLINE V v_load_##type(const ELEMENT *p)                                              \
    {                                                                                       \
        return (V){r_load_##type(p), r_load_##type(p + LANES_##type)};                      \
    }                                                                                       \
    V_INLINE void v_store_##type(ELEMENT *p, V x)                                           \
    {                                                                                       \
        r_store_##type(p, x.a);                                                             \
        r_store_##type(p + LANES_##type, x.b);                                              \
    }                                                                                       \
    V_INLINE V v_load_part_##type(const ELEMENT *p, size_t n)                               \
    {                                                                                       \
        const size_t first = n < LANES_##type ? n : LANES_##type;                           \
        return (V){r_load_part_##type(p, first), r_load_part_##type(p + first, n - first)}; \
    }                                                                                       \
    V_INLINE void v_store_part_##type(ELEMENT *p, V x, size_t n)                            \
    {                                                                                       \
        const size_t first = n < LANES_##type ? n : LANES_##type;                           \
        r_store_part_##type(p, x.a, first);                                                 \
        r_store_part_##type(p + first, x.b, n - first);                                     \
    }

PAIR(f32, vf32, mf32, float)
PAIR(f64, vf64, mf64, double)
PAIR_2(vf32, add_bits_f32, vf32, vf32)

V_INLINE vf32 v_quotient_f32(vf32 a, vf32 b) { return v_div_f32(a, b); }

V_INLINE vf32 v_unfused_max_f32(vf32 a, float c)
{
    (void)c;
    return a;
}

V_INLINE vf32 v_abs_at_most_f32(vf32 x, float c)
{
    return (vf32){r_abs_at_most_f32(x.a, c), r_abs_at_most_f32(x.b, c)};
}

V_INLINE vf32 v_scale_f32(vf32 x, int sign, int power)
{
    return (vf32){r_scale_f32(x.a, sign, power), r_scale_f32(x.b, sign, power)};
}

V_INLINE vf32 v_copysign_f32(float c, vf32 x)
{
    return (vf32){r_copysign_f32(c, x.a), r_copysign_f32(c, x.b)};
}

V_INLINE vi32 v_piece_f32(vf32 x, float origin)
{
    return (vi32){r_piece_f32(x.a, origin), r_piece_f32(x.b, origin)};
}

V_INLINE vf32 v_lookup_f32(const float *table, vi32 i)
{
    return (vf32){r_lookup_f32(table, i.a), r_lookup_f32(table, i.b)};
}

/* A step that all four numbers pass through.  Compilers make too much of x86's registers: gcc begins
 * what follows before its operands are ready, and stores the rest in between; clang, where there are
 * 16, computes one chain after the other, 1.3 times as long. */
#if defined(__AVX2__) && (defined(__GNUC__) || defined(__clang__))
#define PASS(a, b) __asm__("" : "+v"((a)->a), "+v"((a)->b), "+v"((b)->a), "+v"((b)->b))
#else
#define PASS(a, b) ((void)(a), (void)(b))
#endif
#if defined(__clang__) && !defined(__AVX512F__)
#define PASS_IN_CLANG(a, b) PASS(a, b)
#else
#define PASS_IN_CLANG(a, b) ((void)(a), (void)(b))
#endif

V_INLINE void v_settle_f32(vf32 *a, vf32 *b) { PASS(a, b); }
V_INLINE void v_settle_f64(vf64 *a, vf64 *b) { PASS(a, b); }
V_INLINE void v_together_f32(vf32 *a, vf32 *b) { PASS_IN_CLANG(a, b); }
V_INLINE void v_together_f64(vf64 *a, vf64 *b) { PASS_IN_CLANG(a, b); }

/* The two registers hold what r_first and r_second make of one register of 16-bit numbers. */
#define PAIR_HALF(type)                                                                            \
    V_INLINE vf32 v_load_##type(const uint16_t *p)                                                 \
    {                                                                                              \
        const ru16 h = r_load_u16(p);                                                              \
        return (vf32){r_first_##type(h), r_second_##type(h)};                                      \
    }                                                                                              \
    V_INLINE void v_store_##type(uint16_t *p, vf32 x) { r_store_u16(p, r_join_##type(x.a, x.b)); } \
    V_INLINE vf32 v_load_part_##type(const uint16_t *p, size_t n)                                  \
    {                                                                                              \
        const ru16 h = r_load_part_u16(p, n);                                                      \
        return (vf32){r_first_##type(h), r_second_##type(h)};                                      \
    }                                                                                              \
    V_INLINE void v_store_part_##type(uint16_t *p, vf32 x, size_t n)                               \
    {                                                                                              \
        r_store_part_u16(p, r_join_##type(x.a, x.b), n);                                           \
    }

PAIR_HALF(f16)
PAIR_HALF(bf16)

V_INLINE vf64 v_scale_f64(vf64 x, int sign, int power)
{
    return (vf64){r_scale_f64(x.a, sign, power), r_scale_f64(x.b, sign, power)};
}

V_INLINE vf64 v_at_most_f64(vf64 x, double c)
{
    return (vf64){r_at_most_f64(x.a, c), r_at_most_f64(x.b, c)};
}

V_INLINE vf64 v_at_least_f64(vf64 x, double c)
{
    return (vf64){r_at_least_f64(x.a, c), r_at_least_f64(x.b, c)};
}

V_INLINE vf64 v_sub_multiple_f64(vf64 c, vf64 n, double a)
{
    return (vf64){r_sub_multiple_f64(c.a, n.a, a), r_sub_multiple_f64(c.b, n.b, a)};
}

/* A register of floats makes two of doubles. */
#define V_THROUGH_F64(name, wide)                                         \
    V_INLINE vf32 name(vf32 x)                                            \
    {                                                                     \
        const vf64 a = wide((vf64){r_first_f64(x.a), r_second_f64(x.a)}); \
        const vf64 b = wide((vf64){r_first_f64(x.b), r_second_f64(x.b)}); \
        return (vf32){r_join_f64(a.a, a.b), r_join_f64(b.a, b.b)};        \
    }

PAIR_3(vf64, by_sign_f64, vf64, vf64, vf64)
PAIR_3(vf64, sub_power_f64, vf64, vf64, vf64)

#endif
