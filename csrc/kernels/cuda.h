/* CUDA: what gelu_simd.cupy puts before its kernels, the system's headers left out.  In its namespace,
 *
 *   element<type, function_type>(x), or (dy, x)
 *       is one element
 *   compute_packet<type, function_type>(n, i, y, x), or (n, i, y, dy, x)
 *       computes the ith 16 bytes of an array of n, of arrays that begin at multiples of 16 bytes;
 *       y may be dy or x
 *
 * such as element<f16, gelu_f16>(x).  Elements are bits: integers as wide as their type.
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

/* A type: its bits in memory, and the bit that makes its NaNs quiet. */
#define DEFINE_TYPE(name, element, lane, precision, context)      \
    struct name {                                                 \
        typedef bits_of<element>::type bits;                      \
        static constexpr bits quiet = (bits)1 << (precision - 2); \
    };                                                            \
    V_INLINE v##lane load(name, name::bits x)                     \
    {                                                             \
        return v_load_##name((const element *)(const void *)&x);  \
    }                                                             \
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
V_INLINE bool is_nan(vf32 a) { return is_nan_f32(a); }

/* A CPU returns its first NaN operand, made quiet; the device returns the one NaN that it has.
 * Returns the CPU's NaN if an operand is a NaN, else y. */
template <class type>
V_INLINE typename type::bits hand_on(typename type::bits y, typename type::bits x)
{
    return is_nan(load(type(), x)) ? x | type::quiet : y;
}

template <class type>
V_INLINE typename type::bits hand_on(typename type::bits y, typename type::bits dy,
                                     typename type::bits x)
{
    return hand_on<type>(hand_on<type>(y, x), dy);
}

template <class type, auto function, class... inputs>
V_INLINE typename type::bits element(inputs... x)
{
    typename type::bits y;
    store(type(), &y, function(load(type(), x)...));
    return hand_on<type>(y, x...);
}

template <class bits>
struct alignas(16) packet {
    static constexpr ptrdiff_t size = 16 / sizeof(bits);
    bits element[size];
};

/* All but NaNs, which are rare: one branch then puts them right. */
template <class type, auto function, class bits, class... packets>
V_INLINE void compute_whole_packet(bits *y, packets... x)
{
    packet<bits> result;
    bool any_nan = false;
    V_UNROLL
    for (ptrdiff_t k = 0; k < result.size; k += 2) {
        store_2(type(), result.element + k, function(load(type(), x.element[k])...),
                function(load(type(), x.element[k + 1])...));
        any_nan = (any_nan | ... | is_nan(load(type(), x.element[k])));
        any_nan = (any_nan | ... | is_nan(load(type(), x.element[k + 1])));
    }
    if (any_nan) {
        V_UNROLL
        for (ptrdiff_t k = 0; k < result.size; k++)
            result.element[k] = hand_on<type>(result.element[k], x.element[k]...);
    }
    *reinterpret_cast<packet<bits> *>(y) = result;
}

template <class type, auto function, class bits, class... inputs>
V_INLINE void compute_packet(ptrdiff_t n, ptrdiff_t i, bits *y, const inputs *...x)
{
    const ptrdiff_t size = packet<bits>::size, first = i * size;
    if (n - first < size)
        for (ptrdiff_t k = first; k < n; k++)
            y[k] = element<type, function>(x[k]...);
    else
        compute_whole_packet<type, function>(y + first,
                                             reinterpret_cast<const packet<inputs> *>(x)[i]...);
}
} // namespace gelu_simd
