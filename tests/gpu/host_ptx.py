"""CuPy's kernels without a GPU: NVRTC compiles them as CuPy does, and the host runs their PTX.

Each instruction becomes some C++ that does what the PTX ISA says of it.  One that is not known
here, such as those that flush, approximate or leave the rounding open, raises KeyError.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
import tempfile
from pathlib import Path

import cupy
import numpy as np
from cupy.cuda import nvrtc
from host_cupy import COMPILER, TARGET

INCLUDE = Path(cupy.__file__).parent / "_core" / "include"
THREADS = 128  # in a block, as CuPy has it


def cuda(kernel: cupy.ElementwiseKernel) -> str:
    """Return what CuPy makes of a kernel, less headers, for contiguous arrays of one dimension."""
    arguments, elements = [], []
    for p in (*kernel.in_params, *kernel.out_params):
        const = "const " if p.is_const else ""
        arguments.append(
            f"{const}CArray<{p.ctype}, 1, true, true> {'' if p.raw else '_raw_'}{p.name}"
        )
        if not p.raw:
            elements.append(f"{const}{p.ctype} &{p.name} = _raw_{p.name}[_ind.get()];")
    return f"""#include <cupy/carray.cuh>
{kernel.preamble}
extern "C" __global__ void {kernel.name}({", ".join(arguments)}, CIndexer<1, true> _ind) {{
    #pragma unroll 1
    CUPY_FOR(i, _ind.size()) {{
        _ind.set(i);
        {" ".join(elements)}
        {kernel.operation};
    }}
}}"""


def compile_kernel(kernel: cupy.ElementwiseKernel, architecture: int) -> str:
    """Return the PTX of a kernel, with the options of CuPy; a warning is an error."""
    program = nvrtc.createProgram(cuda(kernel), f"{kernel.name}.cu", (), ())
    options = (f"-arch=sm_{architecture}", "-ftz=true", "--std=c++17", f"-I{INCLUDE}")
    try:
        nvrtc.compileProgram(program, options)
    finally:
        log = nvrtc.getProgramLog(program).strip("\0\n ")
        assert log == "", log
    ptx = nvrtc.getPTX(program)
    return ptx.decode() if isinstance(ptx, bytes) else ptx


PRELUDE = """
#include <math.h>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#define V_INLINE static inline
""" + (Path(__file__).parent / "host_ptx.h").read_text(encoding="utf-8") + """
typedef uint64_t reg; /* a register of any type, by its bits */
template <class T> T as(reg bits) { T a; memcpy(&a, &bits, sizeof a); return a; }
template <class T> reg bits_of(T a) { reg bits = 0; memcpy(&bits, &a, sizeof a); return bits; }
template <class T> T load(reg address) { T a; memcpy(&a, (void *)address, sizeof a); return a; }
template <class T> void store(reg address, T a) { memcpy((void *)address, &a, sizeof a); }
static float from_f16(uint16_t h) { return v_load_f16(&h); }
static uint16_t to_f16(float a) { uint16_t h; v_store_f16(&h, a); return h; }
static uint16_t to_bf16(float a)
{
    const uint32_t u = as<uint32_t>(bits_of(a));
    return a != a ? 0x7fff : (u + 0x7fff + (u >> 16 & 1)) >> 16;
}
static uint32_t pair(uint16_t high, uint16_t low) { return (uint32_t)high << 16 | low; }
"""  # fmt: skip

C_TYPES = {"pred": "bool", "f32": "float", "f64": "double"} | {
    f"{kind}{n}": f"{'int' if kind == 's' else 'uint'}{n}_t"
    for kind in "bsu"
    for n in (8, 16, 32, 64)
}

# Results of operands a, b, c, all of one type, T, but for a count of bits and a condition.
ANY = {"mov": "a", "selp": "as<bool>(c_bits) ? a : b"}
FLOATS = ANY | {
    "add.rn": "a + b", "sub.rn": "a - b", "mul.rn": "a * b", "div.rn": "a / b",
    "fma.rn": "std::fma(a, b, c)", "neg": "-a",
}  # fmt: skip
INTEGERS = ANY | {
    "add": "a + b", "sub": "a - b", "mul.lo": "a * b", "neg": "-a",
    "min": "a < b ? a : b", "max": "a < b ? b : a",
    "and": "a & b", "or": "a | b", "xor": "a ^ b",
    "not": "std::is_same<T, bool>() ? !a : ~a",
    "shl": "as<uint32_t>(b_bits) < 8 * sizeof a ? a << as<uint32_t>(b_bits) : 0",
    "shr": "as<uint32_t>(b_bits) < 8 * sizeof a ? a >> as<uint32_t>(b_bits) : 0",
    "cvta.to.global": "a",
}  # fmt: skip
COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
CONVERSIONS = {
    "cvt.f64.f32": "(double)as<float>(a_bits)",
    "cvt.rn.f32.f64": "(float)as<double>(a_bits)",
    "cvt.f32.f16": "from_f16(as<uint16_t>(a_bits))",
    "cvt.rn.f16.f32": "to_f16(as<float>(a_bits))",
    "cvt.rn.f16x2.f32": "pair(to_f16(as<float>(a_bits)), to_f16(as<float>(b_bits)))",
    "cvt.rn.bf16x2.f32": "pair(to_bf16(as<float>(a_bits)), to_bf16(as<float>(b_bits)))",
}


def operand(text: str) -> str:
    """Return the bits of an operand, or a label, as C++."""
    if (number := re.fullmatch(r"0[fd]([0-9A-Fa-f]+)", text)) is not None:
        return f"0x{number[1]}ull"
    if re.fullmatch(r"-?\d+", text):
        return f"(reg){text}ll"
    return re.sub(r"\W", "_", text)


def parts(text: str) -> list[str]:
    """Return the parts of a vector, such as {%r1, %r2}."""
    return [operand(part.strip()) for part in text.strip("{}").split(",")]


def access(opcode: str, vector: str, address: str) -> str:
    """Return a load or a store as C++."""
    type_ = opcode.rpartition(".")[2]
    size = int(type_[1:]) // 8
    base, _, offset = address.strip("[]").partition("+")
    lines = []
    for k, name in enumerate(parts(vector)):
        at = f"{operand(base)} + {int(offset or 0) + k * size}"
        if opcode.startswith("st"):
            lines.append(f"store({at}, as<{C_TYPES[type_]}>({name}));")
        else:
            lines.append(f"{name} = bits_of(load<{C_TYPES[type_]}>({at}));")
    return " ".join(lines)


def instruction(text: str) -> str:
    """Return one instruction as C++."""
    opcode, _, rest = text.partition(" ")
    operands = [a.strip() for a in re.findall(r"(?:\{[^}]*\}|\[[^]]*\]|[^,{}[\]])+", rest)]
    operands = [a for a in operands if a]
    if opcode in ("bra", "bra.uni"):
        return f"goto {operand(operands[0])};"
    if opcode == "ret":
        return "return;"
    if re.match(r"ld\.(param|global|global\.nc)\.", opcode):
        return access(opcode, *operands)
    if opcode.startswith("st.global."):
        return access(opcode, *operands[::-1])
    if opcode == "mov.b32" and operands[0].startswith("{"):
        low, high = parts(operands[0])
        bits = operand(operands[1])
        return f"{low} = {bits} & 0xffff; {high} = {bits} >> 16;"
    if opcode == "mov.b32" and operands[1].startswith("{"):
        low, high = parts(operands[1])
        return f"{operand(operands[0])} = pair({high}, {low});"

    to, *inputs = map(operand, operands)
    kind, _, type_ = opcode.rpartition(".")
    T = C_TYPES.get(type_, "reg")
    if opcode in CONVERSIONS:
        result = CONVERSIONS[opcode]
    elif (cvt := re.fullmatch(r"cvt\.([us]\d+)", kind)) is not None and type_[0] in "us":
        result = f"({C_TYPES[cvt[1]]})a"
    elif kind == "mul.wide":
        wide = C_TYPES[type_[0] + str(2 * int(type_[1:]))]
        result = f"({wide})a * b"
    elif (setp := re.fullmatch(r"setp\.(\w+)", kind)) is not None:
        result = f"a {COMPARISONS[setp[1]]} b"
    else:
        result = f"(T)({(FLOATS if type_[0] == 'f' else INTEGERS)[kind]})"
    declared = "".join(
        f"const reg {name}_bits = {value}; const T {name} = as<T>({name}_bits); "
        for name, value in zip("abc", inputs, strict=False)
    )
    return f"{{ typedef {T} T; {declared}{to} = bits_of({result}); }}"


def translate(ptx: str) -> str:
    """Return the one kernel of a PTX module as C++: run(parameters, threads, blocks)."""
    head, body = re.search(r"\.entry \w+\((.*?)\)\s*(\{.*\n\})", ptx, re.DOTALL).groups()
    parameters = re.findall(r"\.param .*? (\w+)\[", head)
    lines = [f"reg {name} = (reg)p[{k}];" for k, name in enumerate(parameters)]
    for name, data in re.findall(r"\.global \.align \d+ \.b8 (\w+)\[\d+\] = (\{.*?\});", ptx):
        if name in body:
            lines.append(f"alignas(16) static const uint8_t {name}_data[] = {data};")
            lines.append(f"const reg {name} = (reg){name}_data;")
    for statement in re.sub(r"//.*|\.pragma .*;", "", body).split(";"):
        text = " ".join(statement.split())
        while (start := re.match(r"[{}]|\$\w+:", text)) is not None:
            lines.append(start[0] if start[0] in "{}" else f"{operand(start[0][:-1])}:;")
            text = text[start.end() :].strip()
        if (many := re.fullmatch(r"\.reg \.\w+ (%\w+)<(\d+)>", text)) is not None:
            lines += [f"reg {operand(many[1])}{k};" for k in range(int(many[2]))]
        elif (one := re.fullmatch(r"\.reg \.\w+ (\w+)", text)) is not None:
            lines.append(f"reg {one[1]};")
        elif text:
            guard = re.match(r"@(!?)(%p\d+) ", text)
            if guard is not None:
                lines.append(f"if ({guard[1]}{operand(guard[2])})")
                text = text[guard.end() :]
            lines.append(instruction(text))
    special = "reg _tid_x, reg _ntid_x, reg _ctaid_x, reg _nctaid_x"
    return "\n".join([
        PRELUDE, f"static void thread(void **p, {special}) {{", *lines, "}",
        'extern "C" void run(void **p, reg threads, reg blocks) {',
        "for (reg block = 0; block < blocks; block++) for (reg k = 0; k < threads; k++)",
        "thread(p, k, threads, block, blocks); }",
    ])  # fmt: skip


class Kernel:
    """A kernel of CuPy, compiled for a compute capability, that runs on arrays of NumPy."""

    def __init__(self, kernel: cupy.ElementwiseKernel, architecture: int) -> None:
        text = translate(compile_kernel(kernel, architecture))
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "kernel.so"
            subprocess.run(
                [COMPILER, *TARGET, "-x", "c++", "-std=c++17", "-O2", "-w", "-fwrapv",
                 "-ffp-contract=off", "-shared", "-fPIC", "-o", library, "-"],
                input=text, text=True, check=True,
            )  # fmt: skip
            self.run = ctypes.CDLL(str(library)).run

    def __call__(self, *args: np.ndarray, size: int) -> None:
        # CArray<T, 1> holds data, size, shape and strides; CIndexer<1> size, shape and index.
        fields = [(a.ctypes.data, a.size, a.size, a.itemsize) for a in args] + [(size, size, 0)]
        blocks = [np.array(values, np.int64) for values in fields]
        p = (ctypes.c_void_p * len(blocks))(*(block.ctypes.data for block in blocks))
        self.run(p, ctypes.c_uint64(THREADS), ctypes.c_uint64(-(-size // THREADS)))
