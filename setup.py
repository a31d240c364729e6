"""Builds the extension: a baseline module, and one static library for each instruction set.

The metadata is in pyproject.toml.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.sdist import sdist

# Each level's compiler flags, by architecture; csrc/dispatch.c lists the same levels.
# Columns: level, flags for gcc and clang, flags for MSVC.
LEVELS = {
    "x86_64": [
        ("avx2", ["-mavx2", "-mfma", "-mf16c", "-mtune=skylake"], ["/arch:AVX2"]),
        (
            "avx512",
            ["-mavx2", "-mfma", "-mf16c", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl",
             "-mprefer-vector-width=512", "-mtune=skylake-avx512"],
            ["/arch:AVX512"],
        ),
    ],
    "aarch64": [("neon", [], [])],
}  # fmt: skip
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}

# Lets gcc interleave the kernels' two chains of operations (simd/pair.h): 10 % on AVX2.
GCC_SCHEDULING = ["-fschedule-insns", "-fsched-pressure"]

# No fused multiply-add that the source does not ask for, no symbol that the module does not need.
COMMON = [
    "-O3", "-g0", "-fno-fast-math", "-ffp-contract=off", "-fno-lto", "-fvisibility=hidden",
]  # fmt: skip
COMMON_MSVC = ["/O2", "/fp:precise"]


def architecture() -> str:
    """Name the architecture built for, which on cross builds is not the one building."""
    machine = sysconfig.get_platform().split("-")[-1].lower()
    return ARCHITECTURES.get(machine, "other")


def compiler() -> str:
    """Which dialect of flags to use: "msvc", "clang" or "gcc"."""
    if sys.platform == "win32":
        return "msvc"
    name = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    return "clang" if sys.platform == "darwin" or "clang" in name else "gcc"


def levels(arch: str, dialect: str) -> list[tuple[str, list[str]]]:
    """(level, flags) for every level of an architecture, the portable one first."""
    msvc = dialect == "msvc"
    common = COMMON_MSVC if msvc else COMMON
    if dialect == "gcc":
        common = [*common, *GCC_SCHEDULING]
    rows = [("portable", [], []), *LEVELS.get(arch, [])]
    return [(name, common + (msvc_flags if msvc else flags)) for name, flags, msvc_flags in rows]


class SourceArchive(sdist):
    """Adds what building does not need but people do: all of tests, benches and tools."""

    def make_distribution(self) -> None:
        for folder in (".ci", ".github", "bench", "csrc", "tests"):
            files = (
                p for p in Path(folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts
            )
            self.filelist.extend(p.as_posix() for p in files)
        self.filelist.extend(["CHANGELOG.md", "CONTRIBUTING.md"])
        super().make_distribution()


def main() -> None:
    import numpy as np
    from Cython.Build import cythonize

    dialect = compiler()
    csrc = Path("csrc")
    headers = sorted(p.as_posix() for p in csrc.rglob("*") if p.suffix in {".h", ".inc"})
    libraries = [
        (
            f"gelu_simd_{name}",
            {
                "sources": [f"csrc/kernels/{name}.c"],
                "include_dirs": ["csrc"],
                "cflags": flags,
                "obj_deps": {"": headers},
            },
        )
        for name, flags in levels(architecture(), dialect)
    ]
    extension = Extension(
        "gelu_simd._ufuncs",
        sources=["src/gelu_simd/_ufuncs.pyx", "csrc/dispatch.c"],
        depends=[*headers, "src/gelu_simd/_csrc.pxd"],
        include_dirs=["csrc", np.get_include()],
        define_macros=[
            ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
            ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION"),
        ],
        extra_compile_args=COMMON_MSVC if dialect == "msvc" else COMMON,
    )
    setup(
        libraries=libraries,
        # Always anew: what another Cython or NumPy left behind does not compile.
        ext_modules=cythonize([extension], build_dir="build/cython", force=True),
        cmdclass={"sdist": SourceArchive},
    )


if __name__ == "__main__":
    main()
