#!/usr/bin/env bash
# CuPy 14.2.0: nvrtc.getCUBIN leaves out the last byte of the program.
#
# One would expect:  what NVRTC made, as getPTX returns all of its text.
# What happens:      NVRTC ends texts by a zero, which CuPy takes off; it takes the last byte off the
#                    binary too, which has no such end.  The ELF header names a table that then ends
#                    one byte behind the file, and NVIDIA's own disassembler calls the file invalid.
#                    With a zero in that place it reads it.
# Why it matters:    whoever keeps a kernel, or looks at its instructions, gets a damaged file without
#                    an error.  No GPU is needed to see it.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages cupy-cuda13x==14.2.0 nvidia-cuda-nvrtc==13.5.37 nvidia-cuda-nvdisasm==13.5.37
program <<'PYTHON'
import pathlib
import struct
import subprocess
import sysconfig

from cupy.cuda import nvrtc

(disassembler,) = pathlib.Path(sysconfig.get_path("purelib")).rglob("bin/nvdisasm")
source = 'extern "C" __global__ void twice(float* x) { x[threadIdx.x] *= 2; }'

def is_read(program):
    """Return whether the disassembler finds the product in a program."""
    file = pathlib.Path("program.cubin")
    file.write_bytes(program)
    run = subprocess.run([disassembler, "-c", file], capture_output=True, text=True, check=False)
    print("   ", run.stderr.strip() or "read")
    return run.returncode == 0 and ("FMUL" in run.stdout or "FADD" in run.stdout)

for architecture in (75, 90, 120):
    compiled = nvrtc.createProgram(source, "twice.cu", (), ())
    nvrtc.compileProgram(compiled, (f"-arch=sm_{architecture}",))
    program = nvrtc.getCUBIN(compiled)
    tables = {  # the places of the program headers and the section headers
        "program headers": struct.unpack_from("<Q 14x HH", program, 32),
        "section headers": struct.unpack_from("<Q 10x HH", program, 40),
    }
    end = max(start + size * count for start, size, count in tables.values())
    print(f"sm_{architecture}: {len(program)} bytes, the last table ends at {end}")
    assert end == len(program) + 1
    assert not is_read(program)
    assert is_read(program + b"\0")
PYTHON
