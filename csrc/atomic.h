/* Reads and writes that are whole, whatever other threads do: C11's atomics, which not every compiler
 * has without an option. */
#ifndef GELU_SIMD_ATOMIC_H
#define GELU_SIMD_ATOMIC_H

#if defined(_MSC_VER) && !defined(__clang__)

#include <intrin.h>

#define ATOMIC_LOAD_POINTER(p) (*(void *volatile *)(p))
#define ATOMIC_STORE_POINTER(p, value) (*(void *volatile *)(p) = (void *)(value))
#define ATOMIC_LOAD(p) _InterlockedOr(p, 0)
#define ATOMIC_STORE(p, value) ((void)_InterlockedExchange(p, value))
#define ATOMIC_FETCH_ADD(p, value) _InterlockedExchangeAdd(p, value)
#define ATOMIC_OR(p, value) ((void)_InterlockedOr(p, value))

#else

#define ATOMIC_LOAD_POINTER(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define ATOMIC_STORE_POINTER(p, value) __atomic_store_n(p, value, __ATOMIC_RELAXED)
#define ATOMIC_LOAD(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define ATOMIC_STORE(p, value) __atomic_store_n(p, value, __ATOMIC_RELEASE)
#define ATOMIC_FETCH_ADD(p, value) __atomic_fetch_add(p, value, __ATOMIC_ACQ_REL)
#define ATOMIC_OR(p, value) ((void)__atomic_fetch_or(p, value, __ATOMIC_RELEASE))

#endif

/* Any value: a counter, a set of bits, or a truth value. */
typedef long atomic_long_t;

#endif
