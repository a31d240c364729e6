/* Prints a hash of the results of every level, function and type over fixed inputs.
 *
 * A level prints the same whatever compiled it, and so do all levels with a fused multiply-add.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gelu_simd.h"

enum { COUNT = 1 << 18 };

static const struct {
    size_t size;
    uint64_t infinity; /* its bits */
} formats[GELU_SIMD_NUM_TYPES] = {
    [GELU_SIMD_f64] = {8, UINT64_C(0x7ff0000000000000)},
    [GELU_SIMD_f32] = {4, 0x7f800000},
    [GELU_SIMD_f16] = {2, 0x7c00},
    [GELU_SIMD_bf16] = {2, 0x7f80},
};

static char x[COUNT * 8], out[COUNT * 8];

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

/* FNV-1a of the bits, with one NaN for all. */
static uint64_t hash(int type)
{
    const size_t size = formats[type].size;
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t bits = 0;
        memcpy(&bits, out + size * i, size);
        if ((bits & (UINT64_MAX >> (65 - 8 * size))) > formats[type].infinity)
            bits = formats[type].infinity + 1;
        sum = (sum ^ bits) * UINT64_C(0x100000001b3);
    }
    return sum;
}

int main(void)
{
    for (int type = 0; type < GELU_SIMD_NUM_TYPES; type++) {
        const ptrdiff_t size = (ptrdiff_t)formats[type].size;
        make_inputs(formats[type].size);
        for (const gelu_simd_table *const *level = gelu_simd_available(); *level; level++)
            for (int f = 0; f < GELU_SIMD_NUM_FUNCTIONS; f++) {
                /* dy is x backwards. */
                char *args[] = {x + size * (COUNT - 1), x, out};
                const ptrdiff_t strides[] = {-size, size, size};
                const int skip = 2 - gelu_simd_functions[f].inputs;
                (*level)->loops[f][type](args + skip, COUNT, strides + skip);
                const uint64_t sum = hash(type);
                printf("%s %s %s %08x%08x\n", (*level)->name, gelu_simd_functions[f].name,
                       gelu_simd_types[type], (unsigned)(sum >> 32), (unsigned)sum);
            }
    }
    return 0;
}
