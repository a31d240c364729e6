/* The lists of functions and types, once for C and CUDA.  `context` is handed on to X. */
#ifndef GELU_SIMD_LISTS_H
#define GELU_SIMD_LISTS_H

/* The functions, in the order of the ufuncs: X(name, inputs, outputs, tier, context).  The tiers are
 * those of src/gelu_simd/_functions.py, where each function's record says what it computes. */
#define GELU_SIMD_FUNCTIONS(X, context)               \
    X(gelu, 1, 1, FAST, context)                      \
    X(gelu_tanh, 1, 1, FAST, context)                 \
    X(gelu_grad, 1, 1, FAST, context)                 \
    X(gelu_tanh_grad, 1, 1, FAST, context)            \
    X(gelu_backward, 2, 1, FAST, context)             \
    X(gelu_tanh_backward, 2, 1, FAST, context)        \
    X(gelu_value_and_grad, 1, 2, FAST, context)       \
    X(gelu_tanh_value_and_grad, 1, 2, FAST, context)  \
    X(bias_gelu, 2, 1, FAST, context)                 \
    X(bias_gelu_tanh, 2, 1, FAST, context)            \
    X(bias_gelu_backward, 3, 1, FAST, context)        \
    X(bias_gelu_tanh_backward, 3, 1, FAST, context)   \
    X(geglu, 2, 1, FAST, context)                     \
    X(geglu_tanh, 2, 1, FAST, context)                \
    X(geglu_backward, 3, 2, FAST, context)            \
    X(geglu_tanh_backward, 3, 2, FAST, context)       \
    X(stochastic_gelu, 2, 1, FAST, context)           \
    X(quick_gelu, 1, 1, FAST, context)                \
    X(quick_gelu_grad, 1, 1, FAST, context)           \
    X(quick_gelu_backward, 2, 1, FAST, context)       \
    X(quick_gelu_value_and_grad, 1, 2, FAST, context) \
    X(gelu_grad2, 1, 1, FAST, context)                \
    X(gelu_tanh_grad2, 1, 1, FAST, context)           \
    X(cr_gelu, 1, 1, CORRECT, context)                \
    X(cr_gelu_tanh, 1, 1, CORRECT, context)           \
    X(cr_gelu_grad, 1, 1, CORRECT, context)           \
    X(cr_gelu_tanh_grad, 1, 1, CORRECT, context)      \
    X(cr_gelu_backward, 2, 1, CORRECT, context)       \
    X(cr_gelu_tanh_backward, 2, 1, CORRECT, context)

/* X for the types that the functions of a tier have kernels for, otherwise a macro of nothing.  No
 * correctly rounded results are known for float64. */
#define GELU_SIMD_NOTHING(...)
#define GELU_SIMD_IF_FAST_f32(X) X
#define GELU_SIMD_IF_FAST_f64(X) X
#define GELU_SIMD_IF_FAST_f16(X) X
#define GELU_SIMD_IF_FAST_bf16(X) X
#define GELU_SIMD_IF_CORRECT_f32(X) X
#define GELU_SIMD_IF_CORRECT_f64(X) GELU_SIMD_NOTHING
#define GELU_SIMD_IF_CORRECT_f16(X) X
#define GELU_SIMD_IF_CORRECT_bf16(X) X

/* The outputs that do not depend on an input, each by its number: X(name, output, input, context). */
#define GELU_SIMD_INDEPENDENT(X, context) \
    X(geglu_backward, 1, 2, context)      \
    X(geglu_tanh_backward, 1, 2, context)

/* The types, in the order of a ufunc's loops: X(name, element, lane, precision, context).  An
 * `element` in memory is computed in a vector lane of type `lane`.  `precision` counts the
 * significant bits; all other bits but the sign are the exponent's. */
#define GELU_SIMD_TYPES(X, context)    \
    X(f32, float, f32, 24, context)    \
    X(f64, double, f64, 53, context)   \
    X(f16, uint16_t, f32, 11, context) \
    X(bf16, uint16_t, f32, 8, context)

/* Calls of a function on arrays of operands, by its number of inputs and outputs. */
#define GELU_SIMD_CALL_1_1(function, x, y) (y)[0] = function((x)[0])
#define GELU_SIMD_CALL_2_1(function, x, y) (y)[0] = function((x)[0], (x)[1])
#define GELU_SIMD_CALL_3_1(function, x, y) (y)[0] = function((x)[0], (x)[1], (x)[2])
#define GELU_SIMD_CALL_1_2(function, x, y) function((x)[0], &(y)[0], &(y)[1])
#define GELU_SIMD_CALL_3_2(function, x, y) function((x)[0], (x)[1], (x)[2], &(y)[0], &(y)[1])

#endif
