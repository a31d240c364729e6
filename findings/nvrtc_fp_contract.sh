#!/usr/bin/env bash
# NVRTC 13.5.37: "#pragma STDC FP_CONTRACT OFF" is accepted without a warning and does nothing.
#
# One would expect:  a product and a sum for a * b + c, as clang makes of the C standard's pragma; or a
#                    warning that it is not known, as NVRTC prints for clang's own spelling.
# What happens:      the PTX has fma.rn.f32 with the pragma before the function and inside it, and also
#                    where the product is a statement of its own.  The option -fmad=false, for the whole
#                    program, and the functions __fmul_rn and __fadd_rn are heeded.
# Why it matters:    kernels that shall give the CPU's bits lose them where the source says that nothing
#                    is fused, and error-free sums their proof.  No GPU is needed to see it.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages nvidia-cuda-nvrtc==13.5.37
program <<'PYTHON'
import ctypes
import pathlib
import sysconfig

(path,) = pathlib.Path(sysconfig.get_path("purelib")).rglob("libnvrtc.so.*")
nvrtc = ctypes.CDLL(str(path))

def text(program, name):
    """Return what NVRTC holds of this name: the PTX or the log."""
    size = ctypes.c_size_t()
    assert getattr(nvrtc, f"nvrtcGet{name}Size")(program, ctypes.byref(size)) == 0
    buffer = ctypes.create_string_buffer(size.value)
    assert getattr(nvrtc, f"nvrtcGet{name}")(program, buffer) == 0
    return buffer.value.decode()

def compiled(before="", inside="", result="a * b + c", options=()):
    """Return whether the kernel's PTX has a fused operation, and whether there was a warning."""
    source = f"""{before}
    __global__ void kernel(float* y, float a, float b, float c) {{
        {inside}
        y[0] = {result};
    }}"""
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"kernel.cu", 0, None, None)
    words = [word.encode() for word in ("-arch=compute_80", *options)]
    assert nvrtc.nvrtcCompileProgram(program, len(words), (ctypes.c_char_p * len(words))(*words)) == 0
    return "fma.rn.f32" in text(program, "PTX"), "unrecognized #pragma" in text(program, "ProgramLog")

off = "#pragma STDC FP_CONTRACT OFF\n"
results = {
    "no pragma": compiled(),
    "pragma before": compiled(before=off),
    "pragma inside": compiled(inside=off),
    "two statements": compiled(before=off, inside="float product = a * b;", result="product + c"),
    "clang's pragma": compiled(inside="#pragma clang fp contract(off)\n"),
    "-fmad=false": compiled(options=["-fmad=false"]),
    "__fadd_rn": compiled(result="__fadd_rn(__fmul_rn(a, b), c)"),
}
for name, (fused, warned) in results.items():
    print(f"{name}: fused {fused}, a warning of the pragma {warned}")
fused, warned = zip(*results.values(), strict=True)
assert fused == (True, True, True, True, True, False, False)
assert warned == (False, False, False, False, True, False, False)
PYTHON
