"""x"""
from gelu_simd._ufuncs import cpu_info, ufuncs
__version__ = "0.1.0"
gelu = ufuncs["gelu"]
gelu_tanh = ufuncs["gelu_tanh"]
gelu_grad = ufuncs["gelu_grad"]
gelu_tanh_grad = ufuncs["gelu_tanh_grad"]
gelu_backward = ufuncs["gelu_backward"]
gelu_tanh_backward = ufuncs["gelu_tanh_backward"]
