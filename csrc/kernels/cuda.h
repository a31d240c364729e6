/* CUDA: what gelu_simd.cupy puts before its kernels, the system's headers left out.  Elements are
 * bits: integers as wide as their type.
 *
 *   OF_1(function, type), OF_2(function, type)
 *       define gelu_simd::<function>_of_<type>(x), or (dy, x): one element
 *   PACKET_1(function, type), PACKET_2(function, type)
 *       define gelu_simd::<function>_packet_<type>(x, y, n, i), or (dy, x, y, n, i): elements in the
 *       ith 16 bytes of arrays of n, which begin at multiples of 16 bytes; y may be dy or x
 */
namespace gelu_simd {

#include "../simd/ptx.h"
#include "../simd/scalar.h"

#define GELU_COEFFS_F32(name, count) static __device__ constexpr float name[count]
#define GELU_COEFFS_F64(name, count) static __device__ constexpr double name[count]
#include "../coeffs/gelu_coeffs.h"

#include "../gelu_f32.inc"
#include "../gelu_f64.inc"

#define HALF f16
#include "../gelu_half.inc"

#define HALF bf16
#include "../gelu_half.inc"

/* A type's infinity, and the bit that makes its NaNs quiet. */
#define TYPE(name, BITS, INFINITE, QUIET)                         \
    struct name {                                                 \
        typedef BITS bits;                                        \
        static constexpr bits infinite = INFINITE, quiet = QUIET; \
    };

TYPE(f64, uint64_t, UINT64_C(0x7ff0000000000000), UINT64_C(1) << 51)
TYPE(f32, uint32_t, 0x7f800000, 1 << 22)
TYPE(f16, uint16_t, 0x7c00, 1 << 9)
TYPE(bf16, uint16_t, 0x7f80, 1 << 6)

V_INLINE vf64 load_f64(const uint64_t *p) { return double_from_bits(*p); }
V_INLINE vf32 load_f32(const uint32_t *p) { return float_from_bits(*p); }
V_INLINE vf32 load_f16(const uint16_t *p) { return v_load_f16(p); }
V_INLINE vf32 load_bf16(const uint16_t *p) { return v_load_bf16(p); }
V_INLINE void store_f64(uint64_t *p, vf64 a) { *p = bits_f64(a); }
V_INLINE void store_f32(uint32_t *p, vf32 a) { *p = bits_f32(a); }
V_INLINE void store_f16(uint16_t *p, vf32 a) { v_store_f16(p, a); }
V_INLINE void store_bf16(uint16_t *p, vf32 a) { v_store_bf16(p, a); }

template <class type>
V_INLINE bool is_nan(typename type::bits u)
{
    return (u & (type::infinite | (2 * type::quiet - 1))) > type::infinite;
}

/* The device has one NaN; a CPU makes its first operand's quiet and hands it on. */
#define OF_1(function, type)                                                        \
    V_INLINE type::bits function##_of_##type(type::bits x)                          \
    {                                                                               \
        type::bits y;                                                               \
        store_##type(&y, function##_##type(load_##type(&x)));                       \
        return is_nan<type>(x) ? x | type::quiet : y;                               \
    }

#define OF_2(function, type)                                                        \
    V_INLINE type::bits function##_of_##type(type::bits dy, type::bits x)           \
    {                                                                               \
        type::bits y;                                                               \
        store_##type(&y, function##_##type(load_##type(&dy), load_##type(&x)));     \
        return is_nan<type>(dy) ? dy | type::quiet : is_nan<type>(x) ? x | type::quiet : y; \
    }

template <class bits>
struct alignas(16) packet {
    static constexpr ptrdiff_t size = 16 / sizeof(bits);
    bits element[size];
};

#define PACKET(function, type, PARAMETERS, LOAD, ELEMENTS, PACKETS)                 \
    V_INLINE void function##_packet_##type(PARAMETERS type::bits *y, ptrdiff_t n, ptrdiff_t i) \
    {                                                                               \
        typedef packet<type::bits> packet;                                          \
        const ptrdiff_t first = i * packet::size;                                   \
        if (n - first < packet::size) {                                             \
            for (ptrdiff_t k = first; k < n; k++)                                   \
                y[k] = function##_of_##type(ELEMENTS);                              \
            return;                                                                 \
        }                                                                           \
        LOAD                                                                        \
        packet result;                                                              \
        V_UNROLL                                                                    \
        for (ptrdiff_t k = 0; k < packet::size; k++)                                \
            result.element[k] = function##_of_##type(PACKETS);                      \
        reinterpret_cast<packet *>(y)[i] = result;                                  \
    }

#define READ(name) const packet name##_packet = reinterpret_cast<const packet *>(name)[i];
#define COMMA ,
#define PACKET_1(function, type) \
    PACKET(function, type, const type::bits *x COMMA, READ(x), x[k], x_packet.element[k])
#define PACKET_2(function, type) \
    PACKET(function, type, const type::bits *dy COMMA const type::bits *x COMMA, READ(dy) READ(x), \
           dy[k] COMMA x[k], dy_packet.element[k] COMMA x_packet.element[k])
}
