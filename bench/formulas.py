from gelu_simd._formulas import *  # noqa
