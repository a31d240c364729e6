/* The levels of this build, those that this CPU and its operating system can run, and the level in
 * use.
 *
 * Compiled for the baseline.
 *
 * Policy on 512-bit vectors (2026-11): every CPU that has AVX-512 F, BW, DQ and VL runs 512-bit
 * loops.  Some of them lower their clock while they execute 512-bit multiplications, most of all
 * Skylake-X and its relatives of the same model number (family 6, model 0x55).  A loop of half as
 * many instructions gains more than the clock loses, but perhaps not where one of the two 512-bit
 * multipliers is missing, as in the small models, nor for the code that runs next.  Measured: Zen 4
 * (family 25, model 17), whose clock stays; AVX-512 takes 0.67 to 0.83 of AVX2's time by function
 * and type.  Not measured: any CPU of Intel.  GELU_SIMD_ISA=avx2 is the way out.
 *
 * Policy on macOS (2026-11): XCR0 decides there too.  Darwin enables AVX-512 for a thread only when
 * it first uses the registers and does not announce them in XCR0 before, so an Intel Mac runs avx2.
 */
#include <stdint.h>
#include <string.h>

#include "atomic.h"
#include "gelu_simd.h"

#if defined(__x86_64__) || defined(_M_X64)
#define GELU_SIMD_X86 1
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#define TYPE_BIT(type) | 1u << GELU_SIMD_##type
#define TYPE_BIT_IF(type, element, lane, precision, tier) \
    GELU_SIMD_IF_##tier##_##type(TYPE_BIT)(type)
#define FUNCTION(name, inputs, outputs, tier, context) \
    {#name, inputs, outputs, 0 GELU_SIMD_TYPES(TYPE_BIT_IF, tier)},
const gelu_simd_function gelu_simd_functions[] = {GELU_SIMD_FUNCTIONS(FUNCTION, )};

#define TYPE(name, element, lane, precision, context) {#name, sizeof(element), precision},
const gelu_simd_type gelu_simd_types[] = {GELU_SIMD_TYPES(TYPE, )};

/* X(level): best first; a CPU that can run one can run those after it, the last one always.
 * setup.py compiles the same levels. */
#if defined(GELU_SIMD_X86)
#define LEVELS(X) X(avx512) X(avx2) X(portable)
#elif defined(__aarch64__) || defined(_M_ARM64)
#define LEVELS(X) X(neon) X(portable)
#else
#define LEVELS(X) X(portable)
#endif

enum { NUM_LEVELS = 0 LEVELS(GELU_SIMD_COUNT) };

#define DECLARE(level) extern const gelu_simd_table gelu_simd_table_##level;
LEVELS(DECLARE)

#define ADDRESS(level) &gelu_simd_table_##level,
static const gelu_simd_table *const built[NUM_LEVELS + 1] = {LEVELS(ADDRESS) NULL};

static int can_run_portable(void) { return 1; }

#if defined(GELU_SIMD_X86)

typedef struct {
    uint32_t eax, ebx, ecx, edx;
} registers;

static registers cpuid(uint32_t leaf, uint32_t subleaf)
{
    registers r;
#if defined(_MSC_VER) && !defined(__clang__)
    int out[4];
    __cpuidex(out, (int)leaf, (int)subleaf);
    r.eax = (uint32_t)out[0], r.ebx = (uint32_t)out[1];
    r.ecx = (uint32_t)out[2], r.edx = (uint32_t)out[3];
#else
    __cpuid_count(leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
#endif
    return r;
}

/* The register state the operating system saves: XCR0. */
static uint32_t saved_state(void)
{
#if defined(_MSC_VER) && !defined(__clang__)
    return (uint32_t)_xgetbv(0);
#else
    uint32_t eax, edx;
    __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return eax;
#endif
}

/* Bits: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A, CPUID, and
 * volume 1, 13.3. */
enum {
    LEAF1_ECX_FMA = 1 << 12,
    LEAF1_ECX_OSXSAVE = 1 << 27,
    LEAF1_ECX_AVX = 1 << 28,
    LEAF1_ECX_F16C = 1 << 29,
    LEAF7_EBX_AVX2 = 1 << 5,
    LEAF7_EBX_AVX512F = 1 << 16,
    LEAF7_EBX_AVX512DQ = 1 << 17,
    LEAF7_EBX_AVX512BW = 1 << 30,
    XCR0_YMM = 0x06, /* XMM and the upper half of YMM */
    XCR0_ZMM = 0xe6, /* and masks, the upper half of ZMM, ZMM16-31 */
};
#define LEAF7_EBX_AVX512VL (1u << 31)

static int has(uint32_t flags, uint32_t all) { return (flags & all) == all; }

static int can_run_avx2(void)
{
    const uint32_t leaf1 = LEAF1_ECX_FMA | LEAF1_ECX_OSXSAVE | LEAF1_ECX_AVX | LEAF1_ECX_F16C;
    return cpuid(0, 0).eax >= 7 && has(cpuid(1, 0).ecx, leaf1) && has(saved_state(), XCR0_YMM) &&
           has(cpuid(7, 0).ebx, LEAF7_EBX_AVX2);
}

static int can_run_avx512(void)
{
    const uint32_t leaf7 =
        LEAF7_EBX_AVX512F | LEAF7_EBX_AVX512DQ | LEAF7_EBX_AVX512BW | LEAF7_EBX_AVX512VL;
    return can_run_avx2() && has(saved_state(), XCR0_ZMM) && has(cpuid(7, 0).ebx, leaf7);
}

void gelu_simd_cpu_name(char *name)
{
    memset(name, 0, GELU_SIMD_CPU_NAME_SIZE);
    if (cpuid(0x80000000, 0).eax < 0x80000004)
        return;
    for (uint32_t i = 0; i < 3; i++) {
        const registers r = cpuid(0x80000002 + i, 0);
        memcpy(name + 16 * i, &r, sizeof r);
    }
}

#else

#if defined(__aarch64__) || defined(_M_ARM64)
static int can_run_neon(void) { return 1; }
#endif

void gelu_simd_cpu_name(char *name)
{
#if defined(__APPLE__)
    size_t size = GELU_SIMD_CPU_NAME_SIZE;
    if (sysctlbyname("machdep.cpu.brand_string", name, &size, NULL, 0) == 0)
        return;
#endif
    *name = '\0';
}

#endif

const gelu_simd_table *const *gelu_simd_built(void) { return built; }

const gelu_simd_table *const *gelu_simd_available(void)
{
#define CAN_RUN(level) can_run_##level,
    static int (*const can_run[NUM_LEVELS])(void) = {LEVELS(CAN_RUN)};
    size_t best = 0;
    while (!can_run[best]())
        best++;
    return built + best;
}

static const gelu_simd_table *level;

const gelu_simd_table *gelu_simd_level(void) { return ATOMIC_LOAD_POINTER(&level); }
void gelu_simd_set_level(const gelu_simd_table *table) { ATOMIC_STORE_POINTER(&level, table); }
