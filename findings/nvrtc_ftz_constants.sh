#!/usr/bin/env bash
# NVRTC 13.5.37: -ftz=true flushes what is computed on the GPU, and not what the compiler computes.
#
# One would expect:  1e-20f * 1e-20f to be 0 under -ftz=true and -use_fast_math, as x * x is for the same x.
# What happens:      the PTX stores the subnormal number 1e-40, with mul.ftz.f32 beside it for x * x.
#                    expf(-100.0f) is stored as 3.8e-44, and tanhf(0.5f) under -use_fast_math as the
#                    nearest float, where tanhf(x) is tanh.approx.f32.
# Why it matters:    a number's result depends on whether the compiler can see it: a template parameter in
#                    place of an argument, or a loop unrolled, changes bits, and 0 into a divisor.  No GPU is
#                    needed to see it.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages nvidia-cuda-nvrtc==13.5.37
program <<'PYTHON'
import ctypes
import math
import pathlib
import re
import struct
import sysconfig

(path,) = pathlib.Path(sysconfig.get_path("purelib")).rglob("libnvrtc.so.*")
nvrtc = ctypes.CDLL(str(path))

def ptx(expression, *options):
    """Return the PTX of a kernel that stores this expression of its argument x."""
    source = f"__global__ void kernel(float* y, float x) {{ y[0] = {expression}; }}"
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"kernel.cu", 0, None, None)
    words = [word.encode() for word in ("-arch=compute_80", *options)]
    assert nvrtc.nvrtcCompileProgram(program, len(words), (ctypes.c_char_p * len(words))(*words)) == 0
    nvrtc.nvrtcGetPTXSize(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetPTX(program, buffer)
    return buffer.value.decode()

def constant(expression, *options):
    """Return the number that the PTX stores, where the compiler computed the expression."""
    (bits,) = re.findall(r"mov\.[bu]32\s+%r\d+, (-?\d+);", ptx(expression, *options))
    return struct.unpack("f", struct.pack("i", int(bits)))[0]

for option in ("-ftz=true", "-use_fast_math"):
    product, exp = constant("1e-20f * 1e-20f", option), constant("expf(-100.0f)", option)
    print(f"{option}: 1e-20f * 1e-20f = {product}, expf(-100.0f) = {exp}; x * x:", end=" ")
    print("mul.ftz.f32" if "mul.ftz.f32" in ptx("x * x", option) else "mul.f32")
    assert math.isclose(product, 1e-40, rel_tol=1e-4) and 0 < exp < 1e-43
    assert "mul.ftz.f32" in ptx("x * x", option) and "ex2.approx.ftz.f32" in ptx("expf(x)", option)
print("tanhf(0.5f) under -use_fast_math:", constant("tanhf(0.5f)", "-use_fast_math"))
assert math.isclose(constant("tanhf(0.5f)", "-use_fast_math"), math.tanh(0.5), rel_tol=6e-8)
assert "tanh.approx.f32" in ptx("tanhf(x)", "-use_fast_math")
PYTHON
