/* The lists of functions and types, once for C and CUDA.  `context` is handed on to X. */
#ifndef GELU_SIMD_LISTS_H
#define GELU_SIMD_LISTS_H

/* The functions, in the order of the ufuncs: X(name, inputs, outputs, context).
 * src/gelu_simd/_functions.py says what each computes. */
#define GELU_SIMD_FUNCTIONS(X, context) \
    X(gelu, 1, 1, context)              \
    X(gelu_tanh, 1, 1, context)         \
    X(gelu_grad, 1, 1, context)         \
    X(gelu_tanh_grad, 1, 1, context)    \
    X(gelu_backward, 2, 1, context)     \
    X(gelu_tanh_backward, 2, 1, context)

/* Those that are correctly rounded, in the public module gelu_simd.cr under their names without
 * cr_; C finds them in one table with the others. */
#define GELU_SIMD_CR_FUNCTIONS(X, context) \
    X(cr_gelu, 1, 1, context)              \
    X(cr_gelu_tanh, 1, 1, context)         \
    X(cr_gelu_grad, 1, 1, context)         \
    X(cr_gelu_tanh_grad, 1, 1, context)    \
    X(cr_gelu_backward, 2, 1, context)     \
    X(cr_gelu_tanh_backward, 2, 1, context)

/* The types, in the order of a ufunc's loops: X(name, element, lane, precision, context).  An
 * `element` in memory is computed in a vector lane of type `lane`.  `precision` counts the
 * significant bits; all other bits but the sign are the exponent's. */
#define GELU_SIMD_TYPES(X, context)    \
    X(f32, float, f32, 24, context)    \
    X(f64, double, f64, 53, context)   \
    X(f16, uint16_t, f32, 11, context) \
    X(bf16, uint16_t, f32, 8, context)

/* The types that have correctly rounded functions: X(name, context). */
#define GELU_SIMD_CR_TYPES(X, context) \
    X(f32, context)                    \
    X(f16, context)                    \
    X(bf16, context)

#endif
