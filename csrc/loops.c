/* Strided loops over contiguous kernels, for every function, type and level.
 *
 * Compiled for the baseline: all that differs between levels is behind the kernels' pointers.
 */
#include <string.h>

#include "gelu_simd.h"
#include "simd/fp_mode.h"
#include "threads.h"

enum {
    BLOCK_BYTES = 4096,     /* of each strided operand: all blocks stay in the L1 cache */
    LONG_BYTES = 128 << 10, /* of an operand: from here on threads share a loop, of 10 to 40 us */
    LEAST_BYTES = 32 << 10, /* of an operand, in a part */
    MOST_BYTES = 1 << 20,   /* of an operand, in a part */
    SHORT_BYTES = 1 << 20,  /* of an operand: such a loop takes no longer than waking threads */
    PARTS_PER_THREAD = 16,  /* so that a thread that is late takes fewer */
    PART_MULTIPLE = 64      /* elements: parts do not share a cache line of an aligned output */
};

/* A loop with all that computing a part of it needs. */
typedef struct {
    gelu_simd_kernel *kernel;
    int inputs, operands;
    const gelu_simd_narrow *narrow;
    ptrdiff_t size; /* bytes of an element */
    char **args;
    const ptrdiff_t *strides;
    size_t n;     /* elements */
    size_t block; /* elements that a kernel computes at a time */
    size_t part;  /* elements that a thread takes at a time */
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

/* True when the elements of a and of b share no byte, or each only with the one of the same index. */
static int are_apart(const char *a, ptrdiff_t a_stride, const char *b, ptrdiff_t b_stride, size_t n,
                     ptrdiff_t size)
{
    const ptrdiff_t a_end = (ptrdiff_t)(n - 1) * a_stride, b_end = (ptrdiff_t)(n - 1) * b_stride;
    const intptr_t from_a = (intptr_t)a, from_b = (intptr_t)b;
    if (a_stride == b_stride) {
        const ptrdiff_t step = a_stride < 0 ? -a_stride : a_stride;
        const ptrdiff_t lead = step ? (from_a - from_b) % step : 0; /* columns of one matrix */
        const ptrdiff_t gap = lead < 0 ? lead + step : lead;
        if (a == b || (gap >= size && step - gap >= size))
            return 1;
    }
    return from_a + (a_end > 0 ? a_end : 0) + size <= from_b + (b_end < 0 ? b_end : 0) ||
           from_b + (b_end > 0 ? b_end : 0) + size <= from_a + (a_end < 0 ? a_end : 0);
}

/* True when no element is written where another one is read or written: threads may share the loop.
 * NumPy makes no copy where reading runs ahead of writing in an ordered loop: f(x[1:], out=x[:-1]). */
static int is_free_of_order(const loop *l)
{
    for (int out = l->inputs; out < l->operands; out++) {
        const ptrdiff_t stride = l->strides[out];
        if (stride < l->size && -stride < l->size)
            return 0;
        for (int k = 0; k < out; k++)
            if (!are_apart(l->args[k], l->strides[k], l->args[out], stride, l->n, l->size))
                return 0;
    }
    return 1;
}

/* Copies between strided and contiguous elements.  A constant size makes memcpy a single move. */
#define GATHER(size)                               \
    for (size_t i = 0; i < n; i++, from += stride) \
    memcpy(to + i * (size), from, size)
#define SCATTER(size)                            \
    for (size_t i = 0; i < n; i++, to += stride) \
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

/* Converts strided elements of a narrow type to contiguous ones of float32, and back. */
static void widen(float *to, const char *from, ptrdiff_t stride, size_t n,
                  const gelu_simd_narrow *narrow)
{
    for (size_t i = 0; i < n; i++, from += stride)
        to[i] = narrow->wide[(unsigned char)*from];
}

static void narrow_down(char *to, ptrdiff_t stride, const float *from, size_t n,
                        const gelu_simd_narrow *narrow)
{
    const int dropped = 32 - GELU_SIMD_NARROW_BITS;
    for (size_t i = 0; i < n; i++, to += stride) {
        uint32_t bits;
        memcpy(&bits, &from[i], sizeof bits);
        *to = (char)narrow->nearest[bits >> dropped | !!(bits << GELU_SIMD_NARROW_BITS)];
    }
}

/* Computes n elements from `start` on.  Contiguous operands are used where they are, strided ones
 * pass through blocks.  The arithmetic is the contiguous kernel's, hence so are the bits. */
static void compute_range(const loop *l, size_t start, size_t n)
{
    double blocks[GELU_SIMD_MAX_OPERANDS][BLOCK_BYTES / sizeof(double)];
    void *operands[GELU_SIMD_MAX_OPERANDS];
    for (const size_t end = start + n; start < end; start += l->block) {
        const size_t count = end - start < l->block ? end - start : l->block;
        for (int k = 0; k < l->operands; k++) {
            char *at = l->args[k] + (ptrdiff_t)start * l->strides[k];
            operands[k] = !l->narrow && l->strides[k] == l->size ? (void *)at : blocks[k];
            if (operands[k] != blocks[k] || k >= l->inputs)
                continue;
            if (l->narrow)
                widen((float *)blocks[k], at, l->strides[k], count, l->narrow);
            else
                gather((char *)blocks[k], at, l->strides[k], count, l->size);
        }
        l->kernel(operands, count);
        for (int k = l->inputs; k < l->operands; k++) {
            char *at = l->args[k] + (ptrdiff_t)start * l->strides[k];
            if (l->narrow)
                narrow_down(at, l->strides[k], (float *)blocks[k], count, l->narrow);
            else if (operands[k] == blocks[k])
                scatter(at, l->strides[k], (char *)blocks[k], count, l->size);
        }
    }
}

/* Part k of a loop that threads share.  Each thread has a mode of its own. */
static void compute_part(void *job, long k)
{
    const loop *l = job;
    const size_t start = (size_t)k * l->part;
    const fp_mode mode = fp_mode_enter();
    compute_range(l, start, l->n - start < l->part ? l->n - start : l->part);
    fp_mode_leave(mode);
}

/* Lets threads share a loop of at least LONG_BYTES; returns 0 if none is free. */
static int compute_in_parts(loop *l)
{
    const long threads = threads_for_job();
    if (threads == 1)
        return 0;
    const size_t bytes = l->n * (size_t)l->size;
    size_t part = bytes / ((size_t)threads * PARTS_PER_THREAD);
    part = part < LEAST_BYTES ? LEAST_BYTES : part > MOST_BYTES ? MOST_BYTES : part;
    l->part = part / (size_t)l->size / PART_MULTIPLE * PART_MULTIPLE;
    const long parts = (long)((l->n + l->part - 1) / l->part);
    return threads_run(compute_part, l, parts, threads, bytes < SHORT_BYTES);
}

void gelu_simd_loop(char **args, const ptrdiff_t *length, const ptrdiff_t *strides, void *slot)
{
    const int f = ((const gelu_simd_slot *)slot)->function;
    const int t = ((const gelu_simd_slot *)slot)->type;
    gelu_simd_kernel *const kernel = gelu_simd_level()->kernels[f][t];
    const int inputs = gelu_simd_functions[f].inputs;
    const int operands = inputs + gelu_simd_functions[f].outputs;
    const gelu_simd_narrow *const narrow = ((const gelu_simd_slot *)slot)->narrow;
    const ptrdiff_t size = narrow ? 1 : gelu_simd_types[t].size;
    const size_t n = (size_t)*length;
    const int is_serial = feeds_back(inputs, operands, args, strides);
    const int is_plain =
        !narrow && (n == 1 || (!is_serial && is_contiguous(operands, strides, size)));
    const int is_long = n * (size_t)size >= LONG_BYTES && !is_serial;
    if (is_plain && !is_long) {
        const fp_mode mode = fp_mode_enter();
        kernel((void *const *)args, n);
        fp_mode_leave(mode);
        return;
    }
    loop l = {.kernel = kernel,
              .inputs = inputs,
              .operands = operands,
              .narrow = narrow,
              .size = size,
              .args = args,
              .strides = strides,
              .n = n,
              .block = is_serial  ? 1
                       : is_plain ? n
                                  : (size_t)(BLOCK_BYTES / gelu_simd_types[t].size),
              .part = n};
    if (!is_long || !is_free_of_order(&l) || !compute_in_parts(&l)) {
        l.part = n;
        compute_part(&l, 0);
    }
}
