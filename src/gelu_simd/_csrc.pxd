cdef extern from "gelu_simd.h" nogil:
    enum:
        GELU_SIMD_NUM_FUNCTIONS
        GELU_SIMD_NUM_TYPES
        GELU_SIMD_MAX_OPERANDS
        GELU_SIMD_CPU_NAME_SIZE

    ctypedef struct gelu_simd_function:
        const char *name
        int inputs
        int outputs
        unsigned types

    ctypedef struct gelu_simd_type:
        const char *name
        int size
        int precision

    const gelu_simd_function *gelu_simd_functions
    const gelu_simd_type *gelu_simd_types

    ctypedef struct gelu_simd_table:
        const char *name
        const char *bits

    const gelu_simd_table *const *gelu_simd_built()
    const gelu_simd_table *const *gelu_simd_available()
    const gelu_simd_table *gelu_simd_level()
    void gelu_simd_set_level(const gelu_simd_table *level)
    void gelu_simd_cpu_name(char *name)

    enum:
        GELU_SIMD_NARROW_BITS
        GELU_SIMD_f32

    ctypedef struct gelu_simd_narrow:
        float wide[256]
        unsigned char nearest[1 << 15]

    ctypedef struct gelu_simd_slot:
        int function
        int type
        const gelu_simd_narrow *narrow

    void gelu_simd_loop(char **args, const ptrdiff_t *n, const ptrdiff_t *strides, void *slot)

    ctypedef struct gelu_simd_named_loop:
        const char *name
        void *loop

    const gelu_simd_named_loop *gelu_simd_named_loops

cdef extern from "threads.h" nogil:
    enum:
        THREADS_MOST

    long threads_number()
    void threads_set_number(long number)
    void threads_set_cpus(long cpus)
