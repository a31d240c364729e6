/* Strided loops over contiguous kernels, for every function, type and level.
 *
 * Compiled for the baseline: all that differs between levels is behind the kernels' pointers.
 */
#include <string.h>

#include "simd/fp_mode.h"
#include "gelu_simd.h"

enum { BLOCK_BYTES = 4096 }; /* of each strided operand: all blocks stay in the L1 cache */

/* A loop with all that computing a part of it needs. */
typedef struct {
    gelu_simd_kernel *kernel;
    int inputs, operands;
    ptrdiff_t size; /* bytes of an element */
    char **args;
    const ptrdiff_t *strides;
} loop;

/* True when a result is the next element's input, as in ufunc.accumulate. */
static int feeds_back(int inputs, int operands, char **args, const ptrdiff_t *strides)
{
    for (int out = inputs; out < operands; out++)
        for (int in = 0; in < inputs; in++)
            if (args[in] + strides[in] == args[out] && strides[in] == strides[out])
                return 1;
    return 0;
}

static int is_contiguous(int operands, const ptrdiff_t *strides, ptrdiff_t size)
{
    for (int k = 0; k < operands; k++)
        if (strides[k] != size)
            return 0;
    return 1;
}

/* Copies between strided and contiguous elements.  A constant size makes memcpy a single move. */
#define GATHER(size)                                           \
    for (size_t i = 0; i < n; i++, from += stride)             \
    memcpy(to + i * (size), from, size)
#define SCATTER(size)                                          \
    for (size_t i = 0; i < n; i++, to += stride)               \
    memcpy(to, from + i * (size), size)

static void gather(char *to, const char *from, ptrdiff_t stride, size_t n, ptrdiff_t size)
{
    if (size == 2)
        GATHER(2);
    else if (size == 4)
        GATHER(4);
    else
        GATHER(8);
}

static void scatter(char *to, ptrdiff_t stride, const char *from, size_t n, ptrdiff_t size)
{
    if (size == 2)
        SCATTER(2);
    else if (size == 4)
        SCATTER(4);
    else
        SCATTER(8);
}

/* Computes n elements from `start` on.  Contiguous operands are used where they are, strided ones
 * pass through blocks.  The arithmetic is the contiguous kernel's, hence so are the bits. */
static void compute_blocks(const loop *l, size_t start, size_t n, size_t block)
{
    double blocks[GELU_SIMD_MAX_OPERANDS][BLOCK_BYTES / sizeof(double)];
    void *operands[GELU_SIMD_MAX_OPERANDS];
    for (const size_t end = start + n; start < end; start += block) {
        const size_t count = end - start < block ? end - start : block;
        for (int k = 0; k < l->operands; k++) {
            char *at = l->args[k] + (ptrdiff_t)start * l->strides[k];
            operands[k] = l->strides[k] == l->size ? (void *)at : blocks[k];
            if (operands[k] == blocks[k] && k < l->inputs)
                gather((char *)blocks[k], at, l->strides[k], count, l->size);
        }
        l->kernel(operands, count);
        for (int k = l->inputs; k < l->operands; k++)
            if (operands[k] == blocks[k])
                scatter(l->args[k] + (ptrdiff_t)start * l->strides[k], l->strides[k],
                        (char *)blocks[k], count, l->size);
    }
}

void gelu_simd_loop(char **args, const ptrdiff_t *length, const ptrdiff_t *strides, void *slot)
{
    const int f = ((const gelu_simd_slot *)slot)->function;
    const int t = ((const gelu_simd_slot *)slot)->type;
    gelu_simd_kernel *const kernel = gelu_simd_level()->kernels[f][t];
    const int inputs = gelu_simd_functions[f].inputs;
    const int operands = inputs + gelu_simd_functions[f].outputs;
    const ptrdiff_t size = gelu_simd_types[t].size;
    const size_t n = (size_t)*length;
    const int is_serial = feeds_back(inputs, operands, args, strides);
    const fp_mode mode = fp_mode_enter();
    if (n == 1 || (is_contiguous(operands, strides, size) && !is_serial)) {
        kernel((void *const *)args, n);
    } else {
        const loop l = {kernel, inputs, operands, size, args, strides};
        compute_blocks(&l, 0, n, is_serial ? 1 : (size_t)(BLOCK_BYTES / size));
    }
    fp_mode_leave(mode);
}
