/* Skylake-X and Zen 4, and later: AVX-512 F, BW, DQ, VL. */
#define LEVEL avx512
#define BITS fused
#include "../simd/avx512.h"
#include "../simd/pair.h"

/* Vectors side by side, by the times in TRIED.md; bench/vectors.py measures them. */
#define VECTORS_1_f32 , 2
#define VECTORS_1_f64 , 2
#define VECTORS_1_f16 , 2
#define VECTORS_1_bf16 , 2
#define VECTORS_2_f32 , 2
#define VECTORS_2_f16 , 2
#define VECTORS_2_bf16 , 2

/* Too many for the registers. */
#define VECTORS_gelu_f64 , 1
#define VECTORS_gelu_grad_f64 , 1
#define VECTORS_gelu_backward_f64 , 1
#define VECTORS_bias_gelu_f64 , 1
#define VECTORS_bias_gelu_backward_f64 , 1
#define VECTORS_geglu_f64 , 1
#define VECTORS_stochastic_gelu_f64 , 1
#define VECTORS_gelu_value_and_grad_f16 , 1
#define VECTORS_gelu_value_and_grad_bf16 , 1
#define VECTORS_cr_gelu_f32 , 1
#define VECTORS_cr_gelu_grad_f32 , 1
#define VECTORS_cr_gelu_backward_f32 , 1

/* Slower with two in large arrays: TRIED.md. */
#define VECTORS_gelu_tanh_grad_f32 , 1
#define VECTORS_gelu_backward_f32 , 1
#define VECTORS_gelu_tanh_backward_f32 , 1
#define VECTORS_gelu_value_and_grad_f32 , 1
#define VECTORS_bias_gelu_backward_f32 , 1
#define VECTORS_bias_gelu_tanh_backward_f32 , 1
#define VECTORS_geglu_backward_f32 , 1
#define VECTORS_geglu_tanh_backward_f32 , 1
#define VECTORS_quick_gelu_backward_f32 , 1

/* Too few for the latency. */
#define VECTORS_gelu_tanh_f64 , 3
#define VECTORS_bias_gelu_tanh_f64 , 3
#define VECTORS_geglu_tanh_f64 , 3
#define VECTORS_quick_gelu_f64 , 3
#define VECTORS_gelu_tanh_f16 , 4
#define VECTORS_gelu_tanh_bf16 , 4
#define VECTORS_gelu_tanh_grad_f16 , 4
#define VECTORS_gelu_tanh_grad_bf16 , 4
#define VECTORS_gelu_tanh_value_and_grad_bf16 , 4
#define VECTORS_bias_gelu_f16 , 4
#define VECTORS_bias_gelu_backward_f16 , 4
#define VECTORS_quick_gelu_f16 , 4
#define VECTORS_quick_gelu_bf16 , 4
#define VECTORS_quick_gelu_grad_f16 , 4
#define VECTORS_quick_gelu_grad_bf16 , 4
#define VECTORS_cr_gelu_tanh_f16 , 4
#define VECTORS_cr_gelu_tanh_bf16 , 4
#define VECTORS_cr_gelu_tanh_grad_f16 , 4
#define VECTORS_cr_gelu_tanh_grad_bf16 , 4

#include "../kernels.inc"
