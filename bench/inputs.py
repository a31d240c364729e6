from gelu_simd._bench import reuse_freed_memory  # noqa
