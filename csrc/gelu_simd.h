/* The interface between Python and the kernels.
 *
 * A level is one instruction set that the kernels were compiled for.  A level's table holds one
 * contiguous kernel for each function and type.  dispatch.c knows the levels, loops.c turns their
 * kernels into NumPy's strided loops.
 */
#ifndef GELU_SIMD_H
#define GELU_SIMD_H

#include <stddef.h>
#include <stdint.h>

#include "lists.h"

#define GELU_SIMD_TYPE_INDEX(name, element, lane, precision, context) GELU_SIMD_##name,
enum { GELU_SIMD_TYPES(GELU_SIMD_TYPE_INDEX, ) };

#define GELU_SIMD_FUNCTION_INDEX(name, inputs, outputs, tier, context) GELU_SIMD_INDEX_##name,
enum { GELU_SIMD_FUNCTIONS(GELU_SIMD_FUNCTION_INDEX, ) };

#define GELU_SIMD_COUNT(...) +1
enum {
    GELU_SIMD_NUM_FUNCTIONS = 0 GELU_SIMD_FUNCTIONS(GELU_SIMD_COUNT, ),
    GELU_SIMD_NUM_TYPES = 0 GELU_SIMD_TYPES(GELU_SIMD_COUNT, ),
    GELU_SIMD_MAX_INPUTS = 4,
    GELU_SIMD_MAX_OUTPUTS = 2,
    GELU_SIMD_MAX_OPERANDS = GELU_SIMD_MAX_INPUTS + GELU_SIMD_MAX_OUTPUTS
};

typedef struct {
    const char *name;
    int inputs, outputs;
    unsigned types; /* bit t is set if it has kernels for the type t */
} gelu_simd_function;

typedef struct {
    const char *name;
    int size; /* bytes of an element */
    int precision;
} gelu_simd_type;

extern const gelu_simd_function gelu_simd_functions[GELU_SIMD_NUM_FUNCTIONS];
extern const gelu_simd_type gelu_simd_types[GELU_SIMD_NUM_TYPES];

/* Computes n elements.  The operands are contiguous: the inputs, then the outputs.  An output may
 * be an input. */
typedef void gelu_simd_kernel(void *const *operands, size_t n);

typedef struct {
    const char *name;
    const char *bits; /* levels with the same word give the same bits */
    /* NULL where a function lacks the type. */
    gelu_simd_kernel *kernels[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES];
} gelu_simd_table;

/* The levels of this build, best first, NULL at the end. */
const gelu_simd_table *const *gelu_simd_built(void);

/* The levels that this CPU and its operating system can run, best first, NULL at the end. */
const gelu_simd_table *const *gelu_simd_available(void);

/* The level whose kernels the loops run.  Any thread may read and set it; at first it is NULL. */
const gelu_simd_table *gelu_simd_level(void);
void gelu_simd_set_level(const gelu_simd_table *level);

enum { GELU_SIMD_CPU_NAME_SIZE = 49 };

/* Writes the processor's own name for itself, or "" if it has none. */
void gelu_simd_cpu_name(char *name);

/* A type of a byte, at most 8 bits of it in use, that is computed in float32 and rounded once. */
enum { GELU_SIMD_NARROW_BITS = 15 };
typedef struct {
    float wide[256]; /* what each byte is */
    /* What a float32 rounds to, by its first bits: sign, exponent and 6 of the fraction.  The last of
     * them is set if any bit after it is: rounding to odd with two bits more than the type has leaves
     * the second rounding right (S. Boldo and G. Melquiond, 2008). */
    uint8_t nearest[1 << GELU_SIMD_NARROW_BITS];
} gelu_simd_narrow;

/* The place of a kernel in the tables: the `data` of a NumPy loop. */
typedef struct {
    int function, type;
    const gelu_simd_narrow *narrow; /* the operands' type in memory, or NULL if it is `type` */
} gelu_simd_slot;

/* One strided loop on the level in use, with the signature of NumPy's loops: `args` are the inputs
 * and then the outputs, *n is the length, the strides are in bytes, `slot` is a gelu_simd_slot. */
void gelu_simd_loop(char **args, const ptrdiff_t *n, const ptrdiff_t *strides, void *slot);

/* The loops of float32 and float64 by name, such as gelu_f32; a row of NULL at the end. */
typedef struct {
    const char *name;
    void (*loop)(char **args, const ptrdiff_t *n, const ptrdiff_t *strides);
} gelu_simd_named_loop;

extern const gelu_simd_named_loop gelu_simd_named_loops[];

#endif
