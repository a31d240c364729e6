/* The only place that knows compilers apart. */
#ifndef GELU_SIMD_COMPILER_H
#define GELU_SIMD_COMPILER_H

#if defined(_MSC_VER) && !defined(__clang__)
#define V_INLINE static __forceinline
#define V_UNROLL
#else
#define V_INLINE static inline __attribute__((always_inline, unused))
#if defined(__clang__)
#define V_UNROLL _Pragma("clang loop unroll(full)")
#else
#define V_UNROLL _Pragma("GCC unroll 32")
#endif
#endif

#endif
