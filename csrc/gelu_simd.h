/* All that the layer above may see of the kernels.
 *
 * A level is one instruction set the kernels were compiled for.  Each level exports one constant
 * table of loops; dispatch.c lists the levels this build has and the ones this CPU can run.
 */
#ifndef GELU_SIMD_H
#define GELU_SIMD_H

#include <stddef.h>

/* X(name, number of inputs): the functions, in the order of the ufuncs. */
#define GELU_SIMD_FUNCTIONS(X) \
    X(gelu, 1)                 \
    X(gelu_tanh, 1)            \
    X(gelu_grad, 1)            \
    X(gelu_tanh_grad, 1)       \
    X(gelu_backward, 2)        \
    X(gelu_tanh_backward, 2)

/* X(name): the types, in the order of a ufunc's loops. */
#define GELU_SIMD_TYPES(X) \
    X(f64)                 \
    X(f32)                 \
    X(f16)                 \
    X(bf16)

#define GELU_SIMD_TYPE_INDEX(name) GELU_SIMD_##name,
enum { GELU_SIMD_TYPES(GELU_SIMD_TYPE_INDEX) };

#define GELU_SIMD_COUNT(...) +1
enum {
    GELU_SIMD_NUM_FUNCTIONS = 0 GELU_SIMD_FUNCTIONS(GELU_SIMD_COUNT),
    GELU_SIMD_NUM_TYPES = 0 GELU_SIMD_TYPES(GELU_SIMD_COUNT)
};

typedef struct {
    const char *name;
    int inputs;
} gelu_simd_function;

extern const gelu_simd_function gelu_simd_functions[GELU_SIMD_NUM_FUNCTIONS];
extern const char *const gelu_simd_types[GELU_SIMD_NUM_TYPES];

/* One strided loop.  `args` are the inputs and then the output, `n` the length, `strides` in bytes,
 * as in NumPy's ufunc loops.  An input may be the output. */
typedef void gelu_simd_loop(char **args, ptrdiff_t n, const ptrdiff_t *strides);

typedef struct {
    const char *name;
    gelu_simd_loop *loops[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES];
} gelu_simd_table;

/* The levels this CPU and its operating system can run, best first, NULL at the end. */
const gelu_simd_table *const *gelu_simd_available(void);

/* Every level of this build, best first, NULL at the end. */
const gelu_simd_table *const *gelu_simd_built(void);

enum { GELU_SIMD_CPU_NAME_SIZE = 49 };

/* Writes the processor's own name for itself, or "" where it does not say. */
void gelu_simd_cpu_name(char *name);

#endif
