/* The compilers' spellings of what C does not say. */
#ifndef GELU_SIMD_COMPILER_H
#define GELU_SIMD_COMPILER_H

#include <stdint.h>

#ifdef __CUDACC_RTC__ /* has no headers */
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
typedef decltype(static_cast<char *>(nullptr) - static_cast<char *>(nullptr)) ptrdiff_t;
#define UINT64_C(c) c##ull
#endif

#if defined(__CUDACC__)
#define V_INLINE static __device__ __forceinline__ __attribute__((unused))
#define V_UNROLL _Pragma("unroll")
#elif defined(_MSC_VER) && !defined(__clang__)
#define V_INLINE static __forceinline
#define V_UNROLL
#pragma fp_contract(off) /* as -ffp-contract=off, which setup.py gives gcc and clang */
#else
#define V_INLINE static inline __attribute__((always_inline, unused))
#if defined(__clang__)
#define V_UNROLL _Pragma("clang loop unroll(full)")
#else
#define V_UNROLL _Pragma("GCC unroll 32")
#endif
#endif

/* Hides where a register's value comes from.  clang turns comparisons of widened float16 into
 * comparisons of float16, and those into one branch an element. */
#if defined(__clang__) && defined(__x86_64__)
#define V_HIDE(x) __asm__("" : "+v"(x))
#elif defined(__clang__) && defined(__aarch64__)
#define V_HIDE(x) __asm__("" : "+w"(x))
#else
#define V_HIDE(x) ((void)0)
#endif

#endif
