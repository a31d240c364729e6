/* CUDA: what gelu_simd.cupy puts before its kernels, the system's headers left out.  In its namespace,
 *
 *   compute_element<type, function_type_call>(x, y)
 *       computes one element: x and y are arrays of inputs and outputs, one of each
 *   compute_packet<type, function_type_call>(n, i, x, y)
 *       computes the ith 16 bytes of arrays of n elements that begin at multiples of 16 bytes: x and
 *       y are arrays of pointers; an output may be an input
 *
 * such as compute_element<f16, gelu_f16_call>(x, y).  Elements are bits: integers as wide as their
 * type.
 */
namespace gelu_simd
{

#include "../lists.h"
#include "../simd/cuda.h"

#define GELU_COEFFS_F32(name, count) static __device__ constexpr float name[count]
#define GELU_COEFFS_F64(name, count) static __device__ constexpr double name[count]
#include "../coeffs/gelu_coeffs.h"

#include "../maths/all.inc"

template <class element>
struct bits_of {
    typedef uint16_t type;
};
template <>
struct bits_of<float> {
    typedef uint32_t type;
};
template <>
struct bits_of<double> {
    typedef uint64_t type;
};

/* A type: its bits in memory, the bit that makes its NaNs quiet, and the sign. */
#define DEFINE_TYPE(name, element, lane, precision, context)               \
    struct name {                                                          \
        typedef bits_of<element>::type bits;                               \
        static constexpr bits quiet = (bits)1 << (precision - 2);          \
        static constexpr bits sign = (bits)1 << (8 * sizeof(element) - 1); \
    };                                                                     \
    V_INLINE v##lane load(name, name::bits x)                              \
    {                                                                      \
        return v_load_##name((const element *)(const void *)&x);           \
    }                                                                      \
    V_INLINE void store(name, name::bits *y, v##lane a) { v_store_##name((element *)(void *)y, a); }
GELU_SIMD_TYPES(DEFINE_TYPE, )

template <class type, class lane>
V_INLINE void store_2(type, typename type::bits *y, lane a, lane b)
{
    store(type(), y, a);
    store(type(), y + 1, b);
}

#ifdef GELU_SIMD_PTX_2
V_INLINE void store_2(f16, uint16_t *y, vf32 a, vf32 b) { v_store_2_f16(y, a, b); }
V_INLINE void store_2(bf16, uint16_t *y, vf32 a, vf32 b) { v_store_2_bf16(y, a, b); }
#endif

V_INLINE bool is_nan(vf64 a) { return v_is_nan_f64(a); }
V_INLINE bool is_nan(vf32 a) { return v_is_nan_f32(a); }

/* A function's numbers of inputs and outputs, and its call on arrays of them. */
#define DEFINE_CALL(function, n_inputs, n_outputs, type)                      \
    struct function##_##type##_call {                                         \
        enum { inputs = n_inputs, outputs = n_outputs };                      \
        template <class lane>                                                 \
        V_INLINE void run(const lane *x, lane *y)                             \
        {                                                                     \
            GELU_SIMD_CALL_##n_inputs##_##n_outputs(function##_##type, x, y); \
        }                                                                     \
    };
#define DEFINE_CALL_IF(function, inputs, outputs, tier, type) \
    GELU_SIMD_IF_##tier##_##type(DEFINE_CALL)(function, inputs, outputs, type)
#define DEFINE_CALLS(name, element, lane, precision, context) \
    GELU_SIMD_FUNCTIONS(DEFINE_CALL_IF, name)
GELU_SIMD_TYPES(DEFINE_CALLS, )

/* The output that does not depend on an input, and that input. */
template <class call>
struct independent {
    enum { output = -1, input = -1 };
};
#define DEFINE_INDEPENDENT(function, n_output, n_input, type) \
    template <>                                               \
    struct independent<function##_##type##_call> {            \
        enum { output = n_output, input = n_input };          \
    };
#define DEFINE_INDEPENDENTS(name, element, lane, precision, context) \
    GELU_SIMD_INDEPENDENT(DEFINE_INDEPENDENT, name)
GELU_SIMD_TYPES(DEFINE_INDEPENDENTS, )

/* Whether a function is the random gate. */
template <class call>
struct gate {
    enum { is = false };
};
#define DEFINE_GATE(name, element, lane, precision, context) \
    template <>                                              \
    struct gate<stochastic_gelu_##name##_call> {             \
        enum { is = true };                                  \
    };
GELU_SIMD_TYPES(DEFINE_GATE, )

/* A CPU returns a NaN operand, made quiet, and the gate makes it negative where x is; the device has
 * one NaN, and may overlook a NaN.  Returns the CPU's NaN for an output if an input that it depends on
 * is NaN, else y.  Of several the first is taken, where compilers choose for a CPU. */
template <class type, class call>
V_INLINE typename type::bits hand_on(typename type::bits y, const typename type::bits *x,
                                     int output)
{
    const typename type::bits sign = gate<call>::is ? x[0] & type::sign : 0;
    V_UNROLL
    for (int k = call::inputs; k-- > 0;)
        if (output != independent<call>::output || k != independent<call>::input)
            y = is_nan(load(type(), x[k])) ? x[k] | type::quiet | sign : y;
    return y;
}

template <class type, class call>
V_INLINE void compute_element(const typename type::bits *x, typename type::bits *y)
{
    decltype(load(type(), x[0])) in[call::inputs], out[call::outputs];
    V_UNROLL
    for (int k = 0; k < call::inputs; k++)
        in[k] = load(type(), x[k]);
    call::run(in, out);
    V_UNROLL
    for (int k = 0; k < call::outputs; k++) {
        store(type(), y + k, out[k]);
        y[k] = hand_on<type, call>(y[k], x, k);
    }
}

template <class bits>
struct alignas(16) packet {
    enum { size = 16 / sizeof(bits) };
    bits element[size];
};

/* All but NaNs, which are rare: one branch then puts them right. */
template <class type, class call>
V_INLINE void compute_whole_packet(const packet<typename type::bits> *x,
                                   packet<typename type::bits> *y)
{
    const int size = packet<typename type::bits>::size;
    bool any_nan = false;
    V_UNROLL
    for (int k = 0; k < size; k += 2) {
        decltype(load(type(), x[0].element[0])) in[2][call::inputs], out[2][call::outputs];
        V_UNROLL
        for (int i = 0; i < 2; i++) {
            V_UNROLL
            for (int j = 0; j < call::inputs; j++) {
                in[i][j] = load(type(), x[j].element[k + i]);
                any_nan |= is_nan(in[i][j]);
            }
            call::run(in[i], out[i]);
        }
        V_UNROLL
        for (int j = 0; j < call::outputs; j++)
            store_2(type(), y[j].element + k, out[0][j], out[1][j]);
    }
    if (any_nan) {
        V_UNROLL
        for (int k = 0; k < size; k++) {
            typename type::bits in[call::inputs];
            V_UNROLL
            for (int j = 0; j < call::inputs; j++)
                in[j] = x[j].element[k];
            V_UNROLL
            for (int j = 0; j < call::outputs; j++)
                y[j].element[k] = hand_on<type, call>(y[j].element[k], in, j);
        }
    }
}

template <class type, class call>
V_INLINE void compute_packet(ptrdiff_t n, ptrdiff_t i, const typename type::bits *const *x,
                             typename type::bits *const *y)
{
    typedef packet<typename type::bits> packet;
    const ptrdiff_t first = i * packet::size;
    if (n - first < packet::size) {
        for (ptrdiff_t k = first; k < n; k++) {
            typename type::bits in[call::inputs], out[call::outputs];
            V_UNROLL
            for (int j = 0; j < call::inputs; j++)
                in[j] = x[j][k];
            compute_element<type, call>(in, out);
            V_UNROLL
            for (int j = 0; j < call::outputs; j++)
                y[j][k] = out[j];
        }
        return;
    }
    packet in[call::inputs], out[call::outputs];
    V_UNROLL
    for (int j = 0; j < call::inputs; j++)
        in[j] = reinterpret_cast<const packet *>(x[j])[i];
    compute_whole_packet<type, call>(in, out);
    V_UNROLL
    for (int j = 0; j < call::outputs; j++)
        reinterpret_cast<packet *>(y[j])[i] = out[j];
}
} // namespace gelu_simd
