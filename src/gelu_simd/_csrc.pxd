cdef extern from "gelu_simd.h" nogil:
    ctypedef void gelu_simd_loop(char **args, ptrdiff_t n, const ptrdiff_t *strides)

    enum:
        GELU_SIMD_NUM_FUNCTIONS
        GELU_SIMD_NUM_TYPES
        GELU_SIMD_CPU_NAME_SIZE

    ctypedef struct gelu_simd_function:
        const char *name
        int inputs

    const gelu_simd_function *gelu_simd_functions
    const char *const *gelu_simd_types

    ctypedef struct gelu_simd_table:
        const char *name
        gelu_simd_loop *loops[GELU_SIMD_NUM_FUNCTIONS][GELU_SIMD_NUM_TYPES]

    const gelu_simd_table *const *gelu_simd_available()
    const gelu_simd_table *const *gelu_simd_built()
    void gelu_simd_cpu_name(char *name)
