/* The operations that the maths is written in: their contract, for every level and CUDA.
 *
 *   vf32 vf64         lanes of float, double
 *   mf32 mf64         one truth value a lane
 *   vi32              one small integer a lane
 *   v_add sub mul div the IEEE operations, to nearest
 *   v_quotient(a, b)  a/b, b > 0, all but correctly rounded: where dividing takes a branch, without
 *                     one; a, b and a/b normal numbers, or a = 0; float32 only
 *   v_fma(a, b, c)    a b + c, rounded once; v_fnma is c - a b; NEON has no a b - c
 *   v_mad(a, b, c)    a b + c where one rounding or two will do: fused wherever that is fast
 *   v_nmad(a, b, c)   c - a b likewise
 *   v_unfused_max(a, c)
 *                     a >= 0 where v_mad is fused, else the larger of a and c: against products that
 *                     underflow although the sum does not; float32 only
 *   v_sub_power(c, p, m)
 *                     c - p m, rounded once, p a power of two, its negative, or 0; float64 only
 *   v_abs             clears the sign
 *   v_min_bits        the smaller and the larger of two non-negative numbers as integers of the
 *   v_max_bits        same bits: no flag, and a NaN counts as larger than infinity
 *   v_abs_at_most(a, c)
 *                     the smaller of |a| and c > 0, and c or NaN where a is NaN; quiet NaNs raise no
 *                     flag; float32 only
 *   v_at_most(a, c)   a >= 0 with its upper 32 bits no more, or no less, than those of c: all but the
 *   v_at_least        smaller or larger of the two; a NaN counts as above; float64 only
 *   v_scale(a, s, k)  a s 2^k, s = 1 or -1, by adding to the exponent: a and the result normal, or
 *                     a from v_pow2, wrapped around
 *   v_sub_multiple(c, n, a)
 *                     c - n a where that is exact, n an integer of at most 26 bits; float64 only
 *   v_pow2(k)         k's bits shifted to the exponent's place: see EXP_MAGIC in the maths files
 *   v_add_bits(a, b)  the bits of a and b added as integers, a carry lost; float32 only
 *   v_piece(a, origin)
 *                     the bits of a less those of origin, without the last 22: which half octave
 *                     from origin on a lies in, a >= origin > 0; for v_lookup alone; float32 only
 *   v_lookup(table, i)
 *                     table[i mod 8], table of 8 numbers, i from v_piece; float32 only
 *   v_together(&a, &b)
 *   v_settle(&a, &b)  nothing but hints: what a and b need is computed side by side; what uses a and
 *                     b begins after both of them are ready
 *   v_less(a, b)      a < b for non-negative numbers; float64: a may be NaN, which is not less, and
 *                     quiet NaNs raise no flag
 *   v_is_negative     x < 0 and perhaps x = -0, never NaN; quiet NaNs raise no flag
 *   v_is_nan          likewise
 *   v_select(m, a, b) a where m is true, else b
 *   v_by_sign(x, a, b)
 *                     a where x's sign bit is set, else b; float64 only
 *   v_flip(a, x)      a with its sign flipped where x's sign bit is set
 *   v_copysign(c, x)  c, or -c where x's sign bit is set, c >= 0 the same in all lanes; float32 only
 *   v_positive_part(x)
 *                     -0 for x < 0, else x, which may be NaN; quiet NaNs raise no flag
 *   v_limit(x, s)     -0 for x < 0, s for x > 0, either for x = 0, x where it is NaN; likewise
 *   v_step(x)         v_limit(x, 1)
 *   v_gate(a, x)      x where a < 0, 0 with x's sign where a >= 0; where a is NaN, a, negative where x
 *                     is; a is never -0; quiet NaNs raise no flag
 *   v_load v_store    a vector from and to memory of any alignment
 *   v_load_part(p, n) its first n lanes, the rest +0; v_store_part likewise; touch nothing else
 *   v_load_f16, v_store_bf16, ...
 *                     the same between vf32 and 16-bit numbers in memory, rounded to nearest even;
 *                     which lane holds which element is the level's own affair
 *   V_THROUGH_F64(name, wide)
 *                     defines `name` of vf32 by `wide` of vf64: widened, computed and rounded back
 *                     to nearest, subnormal numbers included
 *
 * The names end in the type.  Every level has the same operations with the same results (v_mad,
 * v_nmad and v_quotient excepted), so one maths source gives the same bits everywhere.  CUDA's
 * results for NaN are not used: see kernels/cuda.h.
 *
 * Files of one register (avx2.h, avx512.h, neon.h) define the same operations as r_*.  pair.h makes
 * v_* of two registers from them.
 */
#ifndef GELU_SIMD_OPS_H
#define GELU_SIMD_OPS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bits.h"
#include "compiler.h"

#endif
