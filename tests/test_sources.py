"""Rules the sources keep: where intrinsics may stand, and lists that must agree."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._functions import FUNCTIONS, TIERS
from gelu_simd._types import TYPES

ROOT = Path(__file__).parents[1]
CSRC = ROOT / "csrc"

pytestmark = pytest.mark.skipif(not CSRC.exists(), reason="the sources are not beside tests")


# ---- intrinsics ----


INTRINSIC = re.compile(
    r"\b_mm(256|512)?_\w+|\b__m(128|256|512)\w*|\b__mmask\d+|\b__builtin_(ia32|neon|aarch64)_\w+"
    r"|\bv[a-z0-9]+q_(\w+_)?b?[fpsu](8|16|32|64)\b|\b(b?float|poly|u?int)\d+x\d+(x\d)?_t\b"
    r"|\b(\wmm|x86)intrin\.h|\barm_\w+\.h|\bvector_size\b"
)


@pytest.mark.parametrize(
    "text",
    ["_mm_setcsr(1)", "_mm256_add_ps(a, b)", "x = _mm512_fmadd_pd(a, b, c);", "__m128 v",
     "__m256d v", "__m512i v", "__mmask16 k", "#include <immintrin.h>", "#include <x86intrin.h>",
     "#include <arm_neon.h>", "vaddq_f32(a, b)", "vfmaq_n_f64(a, b, c)", "vld1q_u16(p)",
     "vreinterpretq_s32_f32(a)", "float32x4_t v", "uint8x16x4_t t", "__builtin_ia32_addps(a, b)",
     "__attribute__((vector_size(32)))"],
)  # fmt: skip
def test_intrinsics_are_recognised(text: str) -> None:
    assert INTRINSIC.search(text)


@pytest.mark.parametrize(
    "text",
    ["v_add_f32(a, b)", "r_fma_f64(a, b, c)", "vf32 x", "vi64 k", "rm32 m", "gelu_tanh_f32(x)",
     "v_load_part_f32(p, n)", "TYPED(v_load)(x)", "V_INLINE vf32 v_set_f32", "uint32_t bits",
     "value_f32", "f32_gelu_num", "gelu_simd_table_avx512", "#include <intrin.h>", "_xgetbv(0)"],
)  # fmt: skip
def test_other_names_are_not_intrinsics(text: str) -> None:
    assert not INTRINSIC.search(text)


def test_intrinsics_only_in_the_shims() -> None:
    generated = ROOT / "src" / "gelu_simd" / "_ufuncs.c"
    found = {
        path.relative_to(ROOT).as_posix()
        for top in (CSRC, ROOT / "src")
        for path in top.rglob("*")
        if path.suffix in {".c", ".h", ".inc", ".pyx", ".pxd", ".py"} and path != generated
        if INTRINSIC.search(path.read_text(encoding="utf-8"))
    }
    assert {"csrc/simd/avx2.h", "csrc/simd/avx512.h", "csrc/simd/neon.h"} <= found
    assert {path for path in found if not path.startswith("csrc/simd/")} == set()


# ---- the list of functions ----


def test_every_function_is_public_and_documented() -> None:
    for name, inputs, outputs in _ufuncs.FUNCTIONS:
        row = FUNCTIONS[name]
        ufunc = getattr(importlib.import_module(row.tier.module), row.public)
        assert type(ufunc) is np.ufunc
        assert ufunc.__name__ == row.public
        assert (ufunc.nin, ufunc.nout) == (inputs, outputs)
        assert len(ufunc.__doc__.partition("\n\n")[2]) > 100  # more than what NumPy writes


def test_every_public_ufunc_is_in_the_list() -> None:
    for tier in TIERS:
        module = importlib.import_module(tier.module)
        public = {name for name, value in vars(module).items() if type(value) is np.ufunc}
        assert public == {
            FUNCTIONS[name].public for name, *_ in _ufuncs.FUNCTIONS if FUNCTIONS[name].tier is tier
        }
        assert public <= set(module.__all__)


# ---- the list of levels ----


@pytest.fixture(scope="module")
def setup_script() -> ModuleType:
    """setup.py, which does nothing when it is imported."""
    pytest.importorskip("setuptools")
    spec = importlib.util.spec_from_file_location("gelu_simd_setup", ROOT / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dispatched() -> dict[str, list[str]]:
    """Levels in dispatch.c, by the condition they stand under."""
    text = (CSRC / "dispatch.c").read_text(encoding="utf-8")
    rows = re.findall(r"^#(?:el)?(?:if|se) ?(.*)\n#define LEVELS\(X\) (.*)$", text, re.MULTILINE)
    return {condition: re.findall(r"X\((\w+)\)", levels) for condition, levels in rows}


# The condition in dispatch.c for each architecture of setup.py.
CONDITIONS = {
    "x86_64": "defined(GELU_SIMD_X86)",
    "aarch64": "defined(__aarch64__) || defined(_M_ARM64)",
    "other": "",
}


def test_dispatch_lists_the_levels_that_setup_compiles(setup_script: ModuleType) -> None:
    assert CONDITIONS.keys() >= setup_script.LEVELS.keys()
    for architecture, condition in CONDITIONS.items():
        compiled = {name for name, _ in setup_script.levels(architecture, "gcc")}
        assert set(dispatched()[condition]) == compiled
        assert dispatched()[condition][-1] == "portable"
    assert gelu_simd.cpu_info()["built"] == dispatched()[CONDITIONS[setup_script.architecture()]]


def test_every_level_has_its_kernel_file() -> None:
    levels = {level for row in dispatched().values() for level in row}
    assert {path.stem for path in (CSRC / "kernels").glob("*.c")} == levels
    for level in levels:
        text = (CSRC / "kernels" / f"{level}.c").read_text(encoding="utf-8")
        assert f"#define LEVEL {level}\n" in text
        assert all(re.match(r"/\*.*\*/$|#|$", line) for line in text.splitlines())


def test_vectors_side_by_side_are_of_functions_and_types_that_exist() -> None:
    """The compiler takes no notice of another name."""
    names = {str(len(row.results)) for row in FUNCTIONS.values()} | set(FUNCTIONS)
    suffixes = {row.suffix for row in TYPES.values()}
    for path in (CSRC / "kernels").glob("*.c"):
        for line in re.findall(r"#define VECTORS.*", path.read_text(encoding="utf-8")):
            of, suffix, number = re.fullmatch(r"#define VECTORS_(\w+)_(\w+) , (\d)", line).groups()
            assert of in names, line
            assert suffix in suffixes, line
            assert number != "0", line


# ---- compiler flags ----


# What could change the arithmetic, or the CPU that the wheel is for.
FORBIDDEN = {
    "-ffast-math", "-Ofast", "-funsafe-math-optimizations", "-march=native", "-flto", "-g",
    "/fp:fast", "/fp:contract", "/GL", "/Zi", "/Z7",
}  # fmt: skip


@pytest.fixture
def told(setup_script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict]:
    """Give the function that says what setuptools is told."""
    monkeypatch.chdir(ROOT)
    return setup_script.arguments


def compiled(arguments: dict) -> dict[str, list[str]]:
    """Return the flags that setuptools passes to the compiler, by the file it compiles."""
    found = {}

    class Compiler:
        def object_filenames(self, sources: list[str], **_: object) -> list[str]:
            return [f"{source}.o" for source in sources]

        def compile(self, sources: list[str], extra_postargs: list[str], **_: object) -> None:
            found.update(dict.fromkeys(sources, extra_postargs))

        def create_static_lib(self, *_: object, **__: object) -> None: ...

    setuptools = pytest.importorskip("setuptools")
    libraries = setuptools.Distribution(arguments).get_command_obj("build_clib")
    libraries.compiler = Compiler()
    libraries.build_libraries(arguments["libraries"])
    for extension in arguments["ext_modules"]:
        found.update(dict.fromkeys(extension.sources, extension.extra_compile_args))
    return found


@pytest.mark.parametrize("dialect", ["gcc", "clang", "msvc"])
@pytest.mark.parametrize("architecture", CONDITIONS)
def test_every_c_file_is_compiled_once(told: Callable, architecture: str, dialect: str) -> None:
    levels = dispatched()[CONDITIONS[architecture]]
    assert sorted(compiled(told(architecture, dialect))) == sorted(
        [*(f"csrc/kernels/{level}.c" for level in levels), "csrc/dispatch.c",
         "csrc/loops.c", "csrc/named_loops.c", "csrc/threads.c", "src/gelu_simd/_ufuncs.pyx"]
    )  # fmt: skip


@pytest.mark.parametrize("dialect", ["gcc", "clang"])
@pytest.mark.parametrize("architecture", CONDITIONS)
def test_gcc_and_clang_flags(told: Callable, architecture: str, dialect: str) -> None:
    for file, flags in compiled(told(architecture, dialect)).items():
        level = Path(file).stem if "kernels" in file else ""
        assert all(flag.startswith("-") for flag in flags)
        assert {"-ffp-contract=off", "-fno-fast-math", "-fno-lto", "-g0"} <= set(flags)
        assert "-fvisibility=hidden" in flags
        assert not FORBIDDEN & set(flags)
        assert ("-fschedule-insns" in flags) == (dialect == "gcc" and level != "")
        isa = [flag for flag in flags if flag.startswith("-m") and not flag.startswith("-mtune=")]
        assert bool(isa) == level.startswith("avx")
        assert ("-mavx512f" in flags) == (level == "avx512")


@pytest.mark.parametrize("architecture", CONDITIONS)
def test_msvc_flags(told: Callable, architecture: str) -> None:
    for file, flags in compiled(told(architecture, "msvc")).items():
        assert {"/std:c11", "/O2", "/fp:precise", "/GL-"} <= set(flags)
        assert not FORBIDDEN & set(flags)
        arch = {"csrc/kernels/avx2.c": ["/arch:AVX2"], "csrc/kernels/avx512.c": ["/arch:AVX512"]}
        assert [flag for flag in flags if flag.startswith("/arch")] == arch.get(file, [])
        assert all(flag.startswith("/") for flag in flags)


def test_stable_abi_but_for_free_threads(told: Callable) -> None:
    for free_threaded in (False, True):
        arguments = told("x86_64", "gcc", free_threaded)
        [extension] = arguments["ext_modules"]
        limited = dict(extension.define_macros).get("Py_LIMITED_API")
        assert limited == (None if free_threaded else "0x030b0000")
        assert extension.py_limited_api == (not free_threaded)
        tag = arguments["options"].get("bdist_wheel", {}).get("py_limited_api")
        assert tag == (None if free_threaded else "cp311")


def test_stable_abi_is_that_of_the_oldest_python(setup_script: ModuleType) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=" + ".".join(map(str, setup_script.STABLE_ABI))


@pytest.mark.parametrize(
    ("platform", "version", "expected"),
    [
        ("linux", "gcc (Debian 12.2.0-14) 12.2.0", "gcc"),
        ("linux", "Debian clang version 19.1.7", "clang"),
        ("darwin", "Apple clang version 17.0.0", "clang"),
        ("darwin", "gcc-14 (Homebrew GCC 14.2.0) 14.2.0", "gcc"),
        ("win32", "", "msvc"),
    ],
)
def test_dialect(
    setup_script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    version: str,
    expected: str,
) -> None:
    """By what the compiler says, whatever its name."""
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv("CC", "cc -pthread")
    monkeypatch.setattr("subprocess.check_output", lambda *_, **__: version)
    assert setup_script.compiler() == expected


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux-x86_64", "x86_64"),
        ("win-amd64", "x86_64"),
        ("win-arm64", "aarch64"),
        ("linux-aarch64", "aarch64"),
        ("linux-riscv64", "other"),
        ("win32", "other"),
    ],
)
def test_architecture(
    setup_script: ModuleType, monkeypatch: pytest.MonkeyPatch, platform: str, expected: str
) -> None:
    monkeypatch.setattr("sys.platform", platform.partition("-")[0])
    monkeypatch.setattr("sysconfig.get_platform", lambda: platform)
    monkeypatch.setenv("ARCHFLAGS", "-arch ppc")  # which is for macOS
    assert setup_script.target_platform() == platform
    assert setup_script.architecture() == expected


def test_32_bit_python_on_a_64_bit_kernel(
    setup_script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("sys.maxsize", (1 << 31) - 1)
    monkeypatch.setattr("sysconfig.get_platform", lambda: "linux-aarch64")
    assert setup_script.architecture() == "other"


@pytest.mark.parametrize("machine", ["arm64", "x86_64"])
@pytest.mark.parametrize(
    ("python", "flags", "expected"),
    [
        ("arm64", "", "arm64"),
        ("x86_64", "-arch x86_64", "x86_64"),
        ("universal2", "-arch x86_64", "x86_64"),
        ("universal2", "-arch arm64", "arm64"),
        ("universal2", "", "the machine's own"),
    ],
)
def test_one_architecture_on_macos(
    setup_script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    python: str,
    flags: str,
    expected: str,
) -> None:
    expected = machine if expected == "the machine's own" else expected
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("sysconfig.get_platform", lambda: f"macosx-11.0-{python}")
    monkeypatch.setenv("ARCHFLAGS", flags)
    assert setup_script.target_platform() == f"macosx-11.0-{expected}"
    assert setup_script.architecture() == {"arm64": "aarch64", "x86_64": "x86_64"}[expected]


def test_two_architectures_are_refused(
    setup_script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("sysconfig.get_platform", lambda: "macosx-11.0-universal2")
    monkeypatch.setenv("ARCHFLAGS", "-arch arm64 -arch x86_64")
    with pytest.raises(SystemExit, match="one architecture, not for arm64 and x86_64"):
        setup_script.target_platform()
