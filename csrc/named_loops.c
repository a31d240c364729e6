/* The loops by name, one function for each function and type.
 *
 * Compiled code that is stored and loaded by another process, as Numba's is, can call a function
 * by its name; the address of a slot would be out of date there.
 */
#include "gelu_simd.h"

#define DEFINE(function, type)                                                               \
    static void function##_##type(char **args, const ptrdiff_t *n, const ptrdiff_t *strides) \
    {                                                                                        \
        gelu_simd_slot slot = {GELU_SIMD_INDEX_##function, GELU_SIMD_##type, NULL};          \
        gelu_simd_loop(args, n, strides, &slot);                                             \
    }
#define DEFINE_IF(function, inputs, outputs, tier, type) \
    GELU_SIMD_IF_##tier##_##type(DEFINE)(function, type)
GELU_SIMD_FUNCTIONS(DEFINE_IF, f32)
GELU_SIMD_FUNCTIONS(DEFINE_IF, f64)

#define ROW(function, type) {#function "_" #type, function##_##type},
#define ROW_IF(function, inputs, outputs, tier, type) \
    GELU_SIMD_IF_##tier##_##type(ROW)(function, type)
const gelu_simd_named_loop gelu_simd_named_loops[] = {
    GELU_SIMD_FUNCTIONS(ROW_IF, f32) GELU_SIMD_FUNCTIONS(ROW_IF, f64){NULL, NULL}};
