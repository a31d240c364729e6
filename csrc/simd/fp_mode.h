/* The floating-point mode of the calling thread, in which the kernels must not run unless it is the
 * default: rounding to nearest, subnormal numbers kept.
 *
 * Libraries change it for the whole process: those linked with -ffast-math set flush-to-zero when
 * they are loaded, interval arithmetic rounds up and down.
 *
 *   const fp_mode mode = fp_mode_enter();
 *   ... arithmetic in the default mode ...
 *   fp_mode_leave(mode);
 *
 * fp_mode_leave restores the mode and keeps the exception flags that the arithmetic raised.  Which
 * exceptions trap stays as it was throughout.  In the default mode both cost one read of a register
 * and a branch.
 *
 * A thread that computes for another sets the default mode once, by fp_mode_set_default.  It hands the
 * flags over: fp_flags_clear, fp_flags_read, and fp_flags_raise in the other thread.
 */
#ifndef GELU_SIMD_FP_MODE_H
#define GELU_SIMD_FP_MODE_H

#if defined(__x86_64__) || defined(_M_X64) || defined(__SSE_MATH__)

#include <xmmintrin.h>

typedef unsigned fp_mode;

/* Bits of MXCSR: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, 10.2.3. */
enum {
    MXCSR_FLAGS = 0x003f,
    MXCSR_DENORMALS_ARE_ZERO = 0x0040,
    MXCSR_ALL_MASKED = 0x1f80, /* the default mode, without flags */
    MXCSR_ROUNDING = 0x6000,
    MXCSR_FLUSH_TO_ZERO = 0x8000,
    MXCSR_MODE = MXCSR_DENORMALS_ARE_ZERO | MXCSR_ROUNDING | MXCSR_FLUSH_TO_ZERO
};

static inline fp_mode fp_mode_enter(void)
{
    const fp_mode mode = _mm_getcsr();
    if (mode & MXCSR_MODE)
        _mm_setcsr(mode & ~(unsigned)MXCSR_MODE);
    return mode;
}

static inline void fp_mode_leave(fp_mode mode)
{
    if (mode & MXCSR_MODE)
        _mm_setcsr(mode | (_mm_getcsr() & MXCSR_FLAGS));
}

typedef unsigned fp_flags;

static inline void fp_mode_set_default(void) { _mm_setcsr(MXCSR_ALL_MASKED); }
static inline void fp_flags_clear(void) { _mm_setcsr(_mm_getcsr() & ~(unsigned)MXCSR_FLAGS); }
static inline fp_flags fp_flags_read(void) { return _mm_getcsr() & MXCSR_FLAGS; }

static inline void fp_flags_raise(fp_flags flags)
{
    if (flags & ~_mm_getcsr())
        _mm_setcsr(_mm_getcsr() | flags);
}

#elif defined(__aarch64__) || defined(_M_ARM64)

#include <stdint.h>

typedef uint64_t fp_mode;

/* Bits of FPCR: Arm Architecture Reference Manual, FPCR.  The flags are in FPSR, another register,
 * and stay. */
#define FPCR_FLUSH_INPUTS_TO_ZERO (UINT64_C(1) << 0)
#define FPCR_ALTERNATE_HANDLING (UINT64_C(1) << 1)
#define FPCR_NUMERIC_ELEMENT (UINT64_C(1) << 2)
#define FPCR_FLUSH_TO_ZERO_F16 (UINT64_C(1) << 19)
#define FPCR_ROUNDING (UINT64_C(3) << 22)
#define FPCR_FLUSH_TO_ZERO (UINT64_C(1) << 24)
#define FPCR_DEFAULT_NAN (UINT64_C(1) << 25)
#define FPCR_ALTERNATE_F16 (UINT64_C(1) << 26)
#define FPCR_MODE                                                                     \
    (FPCR_FLUSH_INPUTS_TO_ZERO | FPCR_ALTERNATE_HANDLING | FPCR_NUMERIC_ELEMENT |     \
     FPCR_FLUSH_TO_ZERO_F16 | FPCR_ROUNDING | FPCR_FLUSH_TO_ZERO | FPCR_DEFAULT_NAN | \
     FPCR_ALTERNATE_F16)

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
/* The registers' numbers, as ARM64_SYSREG of Windows' headers makes them. */
#define ARM64_FPCR 0x5a20
#define ARM64_FPSR 0x5a21
static inline fp_mode fp_mode_read(void) { return (fp_mode)_ReadStatusReg(ARM64_FPCR); }
static inline void fp_mode_write(fp_mode mode) { _WriteStatusReg(ARM64_FPCR, (__int64)mode); }
static inline uint64_t fp_status_read(void) { return (uint64_t)_ReadStatusReg(ARM64_FPSR); }
static inline void fp_status_write(uint64_t s) { _WriteStatusReg(ARM64_FPSR, (__int64)s); }
#else
static inline fp_mode fp_mode_read(void)
{
    fp_mode mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}

static inline void fp_mode_write(fp_mode mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }

static inline uint64_t fp_status_read(void)
{
    uint64_t status;
    __asm__ volatile("mrs %0, fpsr" : "=r"(status));
    return status;
}

static inline void fp_status_write(uint64_t s) { __asm__ volatile("msr fpsr, %0" : : "r"(s)); }
#endif

static inline fp_mode fp_mode_enter(void)
{
    const fp_mode mode = fp_mode_read();
    if (mode & FPCR_MODE)
        fp_mode_write(mode & ~FPCR_MODE);
    return mode;
}

static inline void fp_mode_leave(fp_mode mode)
{
    if (mode & FPCR_MODE)
        fp_mode_write(mode);
}

typedef uint64_t fp_flags;

#define FPSR_FLAGS UINT64_C(0x9f)

static inline void fp_mode_set_default(void) { fp_mode_write(0); }
static inline void fp_flags_clear(void) { fp_status_write(fp_status_read() & ~FPSR_FLAGS); }
static inline fp_flags fp_flags_read(void) { return fp_status_read() & FPSR_FLAGS; }
static inline void fp_flags_raise(fp_flags flags) { fp_status_write(fp_status_read() | flags); }

#else /* C's own functions, which know the rounding mode alone */

#include <fenv.h>

typedef int fp_mode;

static inline fp_mode fp_mode_enter(void)
{
    const fp_mode mode = fegetround();
    if (mode != FE_TONEAREST)
        fesetround(FE_TONEAREST);
    return mode;
}

static inline void fp_mode_leave(fp_mode mode)
{
    if (mode != FE_TONEAREST)
        fesetround(mode);
}

typedef int fp_flags;

static inline void fp_mode_set_default(void) { fesetround(FE_TONEAREST); }
static inline void fp_flags_clear(void) { feclearexcept(FE_ALL_EXCEPT); }
static inline fp_flags fp_flags_read(void) { return fetestexcept(FE_ALL_EXCEPT); }
static inline void fp_flags_raise(fp_flags flags) { feraiseexcept(flags); }

#endif

#endif
