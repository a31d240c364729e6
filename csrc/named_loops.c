/* The loops by name, one function for each function and type.
 *
 * Compiled code that is stored and loaded by another process, as Numba's is, can call a function
 * by its name; the address of a slot would be out of date there.
 */
#include "gelu_simd.h"

#define DEFINE(function, inputs, outputs, type)                                              \
    static void function##_##type(char **args, const ptrdiff_t *n, const ptrdiff_t *strides) \
    {                                                                                        \
        gelu_simd_slot slot = {GELU_SIMD_INDEX_##function, GELU_SIMD_##type, NULL};          \
        gelu_simd_loop(args, n, strides, &slot);                                             \
    }
GELU_SIMD_FUNCTIONS(DEFINE, f32)
GELU_SIMD_FUNCTIONS(DEFINE, f64)

#define ROW(function, inputs, outputs, type) {#function "_" #type, function##_##type},
const gelu_simd_named_loop gelu_simd_named_loops[] = {
    GELU_SIMD_FUNCTIONS(ROW, f32) GELU_SIMD_FUNCTIONS(ROW, f64){NULL, NULL}};
