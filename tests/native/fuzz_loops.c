/* A libFuzzer target: each input is one call of a loop, made on every level that this CPU has.
 *
 * The operands lie as NumPy may pass them, between two pages that must not be touched.  What the
 * memory must hold afterwards, gaps included, is found by calling the same loop for one element
 * after the other; the elements are then compared between levels.
 *
 * Built and run by .ci/fuzz, which defines LIMIT_f32 and LIMIT_f64: the limits of errors in ULP.
 */
#define _GNU_SOURCE
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loops.h"

enum { CAPACITY = 1 << 16, GUARD = 64, SENTINEL = 0xa5, LONGEST = 4095, MAX_LEVELS = 4 };
enum { OPERANDS = GELU_SIMD_MAX_OPERANDS, OUTPUTS = GELU_SIMD_MAX_OUTPUTS };

/* Each gradient of one operand, and the derivative that it multiplies. */
static const int gradients[][2] = {
    {GELU_SIMD_INDEX_gelu_backward, GELU_SIMD_INDEX_gelu_grad},
    {GELU_SIMD_INDEX_gelu_tanh_backward, GELU_SIMD_INDEX_gelu_tanh_grad},
    {GELU_SIMD_INDEX_quick_gelu_backward, GELU_SIMD_INDEX_quick_gelu_grad},
};

/* How operands share memory; a second output shares none. */
enum {
    NOT,
    OUT_IS_FIRST,
    OUT_IS_LAST,
    ALL_ARE_ONE,
    OUT_BEHIND, /* no element of the output begins after the same one of the last input */
    INPUTS_OVERLAP,
    REDUCE,     /* the output is the first input, with stride 0 */
    ACCUMULATE, /* the output is the first input's next element */
    NUM_SHARINGS
};

/* The first bytes of the fuzzer's input; the others become values. */
typedef struct {
    uint8_t function, type, length, more_length, sharing, shift, wild;
    uint8_t step[OPERANDS], gap[OPERANDS + 1], first_placed, at_end;
} header;

/* ---- the call under test ---- */

static int function, type, inputs, operands;
static size_t n;
static ptrdiff_t strides[OPERANDS];
static char *args[OPERANDS]; /* the inputs, then the outputs */

static char *memory; /* CAPACITY bytes between two pages that must not be touched */
static char *used;   /* the part of it that holds operands, gaps and guards */
static size_t used_size;
static char before[CAPACITY], expected[CAPACITY];

static const gelu_simd_table *level;
static uint64_t results[MAX_LEVELS][LONGEST][OUTPUTS];

/* ---- numbers, as their bits ---- */

#define SIZE ((size_t)gelu_simd_types[type].size)
#define EXPONENT infinity_of(type)
#define SMALLEST_NORMAL (EXPONENT & -EXPONENT)
#define SIGN (UINT64_C(1) << (8 * SIZE - 1))

static uint64_t magnitude(uint64_t u) { return u & (SIGN - 1); }
static int is_nan(uint64_t u) { return magnitude(u) > EXPONENT; }
static int is_signalling(uint64_t u) { return is_nan(u) && !(u & SMALLEST_NORMAL >> 1); }
static int same(uint64_t a, uint64_t b) { return a == b || (is_nan(a) && is_nan(b)); }

static uint64_t load(const char *at)
{
    uint64_t u = 0;
    memcpy(&u, at, SIZE);
    return u;
}

static void store(char *at, uint64_t u) { memcpy(at, &u, SIZE); }

static double f64_of(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static uint64_t bits_of_f64(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static float f32_of(uint64_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static uint64_t bits_of_f32(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

/* Of any type but float64: exact. */
static float widened(uint64_t u)
{
    const uint16_t half = (uint16_t)u;
    _Float16 x;
    if (type == GELU_SIMD_f32)
        return f32_of(u);
    if (type == GELU_SIMD_bf16)
        return f32_of(u << 16);
    memcpy(&x, &half, sizeof x);
    return (float)x;
}

/* To any type but float64. */
static uint64_t rounded(float x)
{
    const uint64_t u = bits_of_f32(x);
    const _Float16 half = (_Float16)x;
    uint16_t h;
    if (type == GELU_SIMD_f32)
        return u;
    if (type == GELU_SIMD_bf16)
        return isnan(x) ? EXPONENT | 1 : (u + 0x7fff + (u >> 16 & 1)) >> 16;
    memcpy(&h, &half, sizeof h);
    return h;
}

static double number(uint64_t u) { return type == GELU_SIMD_f64 ? f64_of(u) : widened(u); }

/* ---- what is called, from the fuzzer's input ---- */

static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

/* Lays the groups of operands one after the other; within its group an operand has its offset. */
static void place(const header *h, const int *group, const ptrdiff_t *offset)
{
    const ptrdiff_t size = (ptrdiff_t)SIZE, way = n ? (ptrdiff_t)n - 1 : 0;
    const int at_end = h->at_end & 1;
    ptrdiff_t at = at_end ? GUARD : 0, start[OPERANDS];
    for (int j = 0; j < OPERANDS; j++) {
        const int g = (h->first_placed + j) % OPERANDS;
        ptrdiff_t low = PTRDIFF_MAX, high = PTRDIFF_MIN;
        for (int k = 0; k < operands; k++) {
            const ptrdiff_t first = offset[k], end = first + way * strides[k];
            if (group[k] != g)
                continue;
            low = smaller(low, smaller(first, end));
            high = larger(high, larger(first, end) + size);
        }
        if (low > high)
            continue;
        at += h->gap[j] % 64 * size;
        start[g] = at - low;
        at += high - low;
    }
    used_size = (size_t)(at + h->gap[OPERANDS] % 64 * size + (at_end ? 0 : GUARD));
    used = at_end ? memory + CAPACITY - used_size : memory;
    for (int k = 0; k < operands; k++)
        args[k] = used + start[group[k]] + offset[k];
}

/* Sets all of the call but the values. */
static void arrange(const header *h)
{
    static const int steps[] = {1, 1, 1, 1, 1, 1, 1, 2, 3, 17, 0, 0, -1, -1, -2, -17};
    ptrdiff_t offset[OPERANDS] = {0}, longest = 1;
    int group[OPERANDS]; /* of operands that are placed together */

    for (int k = 0; k < OPERANDS; k++)
        group[k] = k;
    function = h->function % GELU_SIMD_NUM_FUNCTIONS;
    type = h->type % GELU_SIMD_NUM_TYPES;
    if (!has_type(function, type))
        type = GELU_SIMD_f32;
    inputs = gelu_simd_functions[function].inputs;
    operands = inputs + gelu_simd_functions[function].outputs;
    const ptrdiff_t size = (ptrdiff_t)SIZE, shift = h->shift * size;
    const int last = inputs - 1, out = inputs;

    for (int k = 0; k < operands; k++) {
        strides[k] = steps[h->step[k] % 16] * size;
        if (k >= inputs && strides[k] == 0)
            strides[k] = size;
    }

    int sharing = h->sharing % NUM_SHARINGS;
    if (inputs == 1 && sharing >= INPUTS_OVERLAP)
        sharing = NOT;
    switch (sharing) {
    case OUT_IS_FIRST:
        group[0] = out, strides[0] = strides[out];
        break;
    case ALL_ARE_ONE:
        group[0] = out, strides[0] = strides[out];
        /* fall through */
    case OUT_IS_LAST:
        group[last] = out, strides[last] = strides[out];
        break;
    case OUT_BEHIND:
        group[last] = out;
        offset[last] = strides[out] > 0 ? shift : -shift;
        if (strides[out] > 0 ? strides[last] < strides[out] : strides[last] > strides[out])
            strides[last] = strides[out];
        break;
    case INPUTS_OVERLAP:
        group[0] = last, offset[0] = shift;
        break;
    case REDUCE:
        group[0] = out, strides[0] = strides[out] = 0;
        break;
    case ACCUMULATE:
        group[0] = out, strides[0] = strides[out];
        offset[out] = strides[out];
        break;
    }

    n = h->length < 240 ? h->length % 128 : h->length % 16 * 256 + h->more_length;
    for (int k = 0; k < operands; k++)
        longest = larger(longest, larger(strides[k], -strides[k]));
    n = (size_t)smaller((ptrdiff_t)n, CAPACITY / (OPERANDS + 1) / longest);

    place(h, group, offset);
}

/* The i-th value: the given bytes, again and again, each time changed.  Exponents are moved to
 * where the functions curve, 2^-12 to 2^6, but for the places that `wild` says. */
static uint64_t value(const uint8_t *data, size_t data_size, size_t i, unsigned wild)
{
    const size_t count = data_size / SIZE;
    const uint64_t round = count ? i / count : i + 1;
    uint64_t u = count ? load((const char *)data + i % count * SIZE) : 0;
    u ^= round * UINT64_C(0x9e3779b97f4a7c15) >> (64 - 8 * SIZE);
    if (wild >> i % 8 & 1)
        return u;
    const uint64_t exponent = (u & EXPONENT) / SMALLEST_NORMAL;
    const uint64_t bias = EXPONENT / SMALLEST_NORMAL / 2;
    return (u & ~EXPONENT) | (bias - 12 + exponent % 18) * SMALLEST_NORMAL;
}

/* ---- checks ---- */

/* Says which call it was, and ends. */
static void fail(const char *what, size_t i)
{
    fprintf(stderr, "%s: level %s, %s, %s, n = %zu, element %zu of strides", what, level->name,
            gelu_simd_functions[function].name, gelu_simd_types[type].name, n, i);
    for (int k = 0; k < operands; k++)
        fprintf(stderr, " %td", strides[k]);
    fprintf(stderr, " at");
    for (int k = 0; k < operands; k++)
        fprintf(stderr, " %td", args[k] - used);
    fprintf(stderr, "\n");
    abort();
}

static void fail_at(const char *what, size_t i, const uint64_t *x, uint64_t y)
{
    for (int k = 0; k < inputs; k++)
        fprintf(stderr, "input %#jx = %a, ", (uintmax_t)x[k], number(x[k]));
    fprintf(stderr, "result %#jx = %a\n", (uintmax_t)y, number(y));
    fail(what, i);
}

/* Computes one element, contiguous and aligned: its results, and the exceptions that it raised. */
static int one(int of_function, int of_type, const uint64_t *x, uint64_t *y)
{
    uint64_t elements[OPERANDS] = {0};
    char *places[OPERANDS];
    ptrdiff_t steps[OPERANDS];
    const int first = gelu_simd_functions[of_function].inputs;
    for (int k = 0; k < first; k++)
        elements[k] = x[k];
    for (int k = 0; k < OPERANDS; k++)
        places[k] = (char *)&elements[k], steps[k] = gelu_simd_types[of_type].size;
    feclearexcept(FE_ALL_EXCEPT);
    call_loop(level, of_function, of_type, places, 1, steps);
    const int raised = fetestexcept(FE_ALL_EXCEPT);
    for (int k = 0; k < gelu_simd_functions[of_function].outputs; k++)
        y[k] = elements[first + k];
    return raised;
}

/* Of a function of one input: a NaN for a NaN alone, and no exception but underflow for a small
 * result. */
static void check_values(size_t i, const uint64_t *x, const uint64_t *y, int raised)
{
    int small = 0;
    for (int k = 0; k < operands - inputs; k++) {
        small |= magnitude(y[k]) <= SMALLEST_NORMAL;
        if (is_nan(*x) != is_nan(y[k]))
            fail_at("NaN", i, x, y[k]);
    }
    if (!is_signalling(*x) && raised & ~(FE_INEXACT | (small ? FE_UNDERFLOW : 0)))
        fail_at("exceptions", i, x, y[0]);
}

/* dy times the derivative by the same level, in the half types that of float32, and the exceptions
 * of the product; float16 may overflow, too, when it is rounded. */
static void check_gradient(int grad, size_t i, const uint64_t *x, uint64_t y, int raised)
{
    int product_raised;
    uint64_t product, derivative;
    if (type == GELU_SIMD_f64) {
        one(grad, type, &x[1], &derivative);
        volatile double dy = f64_of(x[0]), z;
        volatile double slope = f64_of(derivative);
        feclearexcept(FE_ALL_EXCEPT);
        z = dy * slope;
        product_raised = fetestexcept(FE_ALL_EXCEPT);
        product = bits_of_f64(z);
    } else {
        const uint64_t wide = bits_of_f32(widened(x[1]));
        one(grad, GELU_SIMD_f32, &wide, &derivative);
        volatile float dy = widened(x[0]), z;
        volatile float slope = f32_of(derivative);
        feclearexcept(FE_ALL_EXCEPT);
        z = dy * slope;
        product_raised = fetestexcept(FE_ALL_EXCEPT);
        product = rounded(z);
    }
    if (!same(y, product))
        fail_at("gradient", i, x, y);

    const int optional = type == GELU_SIMD_f16 && magnitude(y) == EXPONENT ? FE_OVERFLOW : 0;
    const int checked = (FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW) & ~optional;
    if (!is_signalling(x[0]) && !is_signalling(x[1]) && (raised ^ product_raised) & checked)
        fail_at("exceptions", i, x, y);
}

static void check(size_t i, const uint64_t *x, const uint64_t *y, int raised)
{
    if (inputs == 1)
        check_values(i, x, y, raised);
    for (size_t k = 0; k < sizeof gradients / sizeof gradients[0]; k++)
        if (function == gradients[k][0])
            check_gradient(gradients[k][1], i, x, y[0], raised);
}

/* Calls the loop for each element alone: what it makes of the memory, and all exceptions. */
static int one_by_one(uint64_t (*y)[OUTPUTS])
{
    int all_raised = 0;
    memcpy(used, before, used_size);
    for (size_t i = 0; i < n; i++) {
        uint64_t x[OPERANDS];
        for (int k = 0; k < inputs; k++)
            x[k] = load(args[k] + (ptrdiff_t)i * strides[k]);
        const int raised = one(function, type, x, y[i]);
        check(i, x, y[i], raised);
        for (int k = inputs; k < operands; k++)
            store(args[k] + (ptrdiff_t)i * strides[k], y[i][k - inputs]);
        all_raised |= raised;
    }
    memcpy(expected, used, used_size);
    return all_raised;
}

/* Rounded to nearest, subnormal numbers kept, nothing trapped. */
static int mode_is_default(void)
{
    volatile double small = 0x1p-1073;
    return fegetround() == FE_TONEAREST && fegetexcept() == 0 && small / 2 != 0;
}

/* Whether what follows may use SSE registers without delay. */
static int upper_halves_are_clear(void)
{
#if defined(__x86_64__)
    uint64_t registers[16][4], bits = 0;
    if (!__builtin_cpu_supports("avx"))
        return 1;
#define SAVE(i) "vmovups %%ymm" #i ", 32*" #i "(%0)\n\t"
    __asm__ volatile(SAVE(0) SAVE(1) SAVE(2) SAVE(3) SAVE(4) SAVE(5) SAVE(6) SAVE(7) SAVE(8) SAVE(9)
                         SAVE(10) SAVE(11) SAVE(12) SAVE(13) SAVE(14) SAVE(15)::"r"(registers)
                     : "memory");
    for (int i = 0; i < 16; i++)
        bits |= registers[i][2] | registers[i][3];
    return bits == 0;
#else
    return 1;
#endif
}

/* Calls the loop once, which must do the same. */
static void all_at_once(int all_raised)
{
    memcpy(used, before, used_size);
    feclearexcept(FE_ALL_EXCEPT);
    call_loop(level, function, type, args, n, strides);
    const int clear = upper_halves_are_clear();
    if ((fetestexcept(FE_ALL_EXCEPT) ^ all_raised) & ~FE_INEXACT)
        fail("exceptions differ from those of the elements", 0);
    if (!clear)
        fail("vector state", 0);
    if (!mode_is_default())
        fail("mode of the arithmetic", 0);

    for (int k = inputs; k < operands; k++)
        for (size_t i = 0; i < n; i++) {
            char *const place = args[k] + (ptrdiff_t)i * strides[k];
            const uint64_t right = load(expected + (place - used));
            if (!same(load(place), right))
                fail("an element differs from that computed alone", i);
            store(place, right); /* any NaN for any other */
        }
    if (memcmp(used, expected, used_size) != 0)
        fail("memory outside the outputs", 0);
}

/* Whether two levels' results may be those of one input. */
static int agree(uint64_t a, uint64_t b)
{
    const double x = number(a), y = number(b), top = fmax(fabs(x), fabs(y));
    if (same(a, b))
        return 1;
    if (type == GELU_SIMD_f64)
        return fabs(x - y) <= 2 * LIMIT_f64 * (nextafter(top, INFINITY) - top);
    if (type == GELU_SIMD_f32)
        return fabs(x - y) <= 2 * LIMIT_f32 * (nextafterf((float)top, INFINITY) - (float)top);
    return 0;
}

/* The same bits on levels of one group; between groups values within twice the limit. */
static void compare_levels(const gelu_simd_table *const *levels, size_t count)
{
    for (size_t k = 1; k < count; k++) {
        level = levels[k];
        const int alike = strcmp(level->bits, levels[0]->bits) == 0;
        for (size_t i = 0; i < n; i++)
            for (int j = 0; j < operands - inputs; j++) {
                const uint64_t a = results[0][i][j], b = results[k][i][j];
                if (alike ? !same(a, b) : inputs == 1 && !agree(a, b))
                    fail("levels differ", i);
            }
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    (void)argc, (void)argv;
    memory = mmap(NULL, CAPACITY + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory += page, CAPACITY, PROT_READ | PROT_WRITE) != 0)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const gelu_simd_table *const *levels = gelu_simd_available();
    const size_t taken = size < sizeof(header) ? size : sizeof(header);
    size_t count = 0;
    header h = {0};
    memcpy(&h, data, taken);
    arrange(&h);
    memset(before, SENTINEL, used_size);
    for (size_t k = 0; k < (size_t)inputs; k++)
        for (size_t i = 0; i < n; i++)
            store(before + (args[k] - used) + (ptrdiff_t)i * strides[k],
                  value(data + taken, size - taken, k * n + i, h.wild));
    for (; levels[count]; count++) {
        level = levels[count];
        all_at_once(one_by_one(results[count]));
    }
    compare_levels(levels, count);
    return 0;
}
