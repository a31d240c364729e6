/* Prints a hash of the results of every level, function and type over fixed inputs.
 *
 * A level prints the same whatever compiled it, and so do all levels of one group of bits, which is
 * the first word of a line.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "loops.h"

enum { COUNT = 1 << 18 };

static char x[COUNT * 8], out[GELU_SIMD_MAX_OUTPUTS][COUNT * 8];

/* Bit patterns spread evenly, all of a half type; in the wider types every other number is one of
 * equal steps over [-40, 12). */
static void make_inputs(size_t size)
{
    for (size_t i = 0; i < COUNT; i++) {
        const uint64_t pattern = (i * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - 8 * size);
        const double step = (double)i * 0x1.ap-13 - 40;
        const float rounded = (float)step;
        if (size == 8 && i % 2)
            memcpy(x + size * i, &step, sizeof step);
        else if (size == 4 && i % 2)
            memcpy(x + size * i, &rounded, sizeof rounded);
        else
            memcpy(x + size * i, &pattern, size);
    }
}

/* FNV-1a of the bits of all outputs, with one NaN for all. */
static uint64_t hash(int type, int outputs)
{
    const size_t size = (size_t)gelu_simd_types[type].size;
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (int k = 0; k < outputs; k++)
        for (size_t i = 0; i < COUNT; i++) {
            uint64_t bits = 0;
            memcpy(&bits, out[k] + size * i, size);
            if ((bits & (UINT64_MAX >> (65 - 8 * size))) > infinity_of(type))
                bits = infinity_of(type) + 1;
            sum = (sum ^ bits) * UINT64_C(0x100000001b3);
        }
    return sum;
}

/* The loop over x, read forwards as the last input and backwards as all others. */
static uint64_t hash_of_loop(const gelu_simd_table *level, int f, int type)
{
    const gelu_simd_function *function = &gelu_simd_functions[f];
    const ptrdiff_t size = gelu_simd_types[type].size;
    char *args[GELU_SIMD_MAX_OPERANDS];
    ptrdiff_t strides[GELU_SIMD_MAX_OPERANDS];
    for (int k = 0; k < function->inputs; k++) {
        const int is_last = k == function->inputs - 1;
        args[k] = is_last ? x : x + size * (COUNT - 1);
        strides[k] = is_last ? size : -size;
    }
    for (int k = 0; k < function->outputs; k++) {
        args[function->inputs + k] = out[k];
        strides[function->inputs + k] = size;
    }
    call_loop(level, f, type, args, COUNT, strides);
    return hash(type, function->outputs);
}

int main(void)
{
    for (int type = 0; type < GELU_SIMD_NUM_TYPES; type++) {
        make_inputs((size_t)gelu_simd_types[type].size);
        for (const gelu_simd_table *const *level = gelu_simd_available(); *level; level++)
            for (int f = 0; f < GELU_SIMD_NUM_FUNCTIONS; f++) {
                if (!has_type(f, type))
                    continue;
                const uint64_t sum = hash_of_loop(*level, f, type);
                printf("%s %s %s %s %08x%08x\n", (*level)->bits, (*level)->name,
                       gelu_simd_functions[f].name, gelu_simd_types[type].name,
                       (unsigned)(sum >> 32), (unsigned)sum);
            }
    }
    return 0;
}
