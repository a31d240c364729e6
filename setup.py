"""Builds the extension: a baseline module, and one static library for each instruction set.

The metadata is in pyproject.toml.
"""

from __future__ import annotations

import gzip
import os
import platform
import re
import shlex
import subprocess
import sys
import sysconfig
import tarfile
import time
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.sdist import sdist

# THE PROJECT'S ADDRESS: where its repository is, such as https://example.org/gelu_simd; empty until
# it has one.  Package indexes then get README with links to the repository, else without links.
ADDRESS = ""

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
    "aarch64": [("neon", ["-mtune=neoverse-n1"], [])],
}  # fmt: skip
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}

# Lets gcc interleave the kernels' two chains of operations (simd/pair.h): 10 % on AVX2.
GCC_SCHEDULING = ["-fschedule-insns", "-fsched-pressure"]

# Where clang packs scalars into a vector, its idle lanes raise exceptions of their own.
CLANG_LANES = ["-fno-slp-vectorize"]

# No fused multiply-add that the source does not ask for, no code of one level inlined into another
# at link time, no symbol that the module does not need.
COMMON = [
    "-O3", "-g0", "-fno-fast-math", "-ffp-contract=off", "-fno-lto", "-fvisibility=hidden",
]  # fmt: skip
COMMON_MSVC = ["/std:c11", "/O2", "/fp:precise", "/GL-"]

# Wheels are for this Python and every later one.
STABLE_ABI = (3, 11)


def target_platform() -> str:
    """Name the platform built for, which on cross builds is not the one building.

    A universal Python on macOS would build for two architectures at once, a level is for one:
    that of ARCHFLAGS, or else this machine's.
    """
    name = sysconfig.get_platform()
    if sys.platform != "darwin":
        return name
    system, version, machine = name.split("-")
    asked = set(re.findall(r"-arch\s+(\S+)", os.environ.get("ARCHFLAGS", "")))
    if len(asked) > 1:
        raise SystemExit(
            f"gelu_simd builds for one architecture, not for {' and '.join(sorted(asked))}"
        )
    if asked:
        machine = asked.pop()
    elif machine.startswith("universal"):
        machine = platform.machine()
    return f"{system}-{version}-{machine}"


def architecture() -> str:
    """Name the architecture built for, as `LEVELS` does."""
    if sys.maxsize < 1 << 32:  # a 32-bit Python, which a 64-bit kernel may run
        return "other"
    return ARCHITECTURES.get(target_platform().split("-")[-1].lower(), "other")


def compiler() -> str:
    """Which dialect of flags to use: "msvc", "clang" or "gcc"."""
    if sys.platform == "win32":
        return "msvc"
    command = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    try:  # whatever its name, and each refuses some of the other's flags
        told = subprocess.check_output([*shlex.split(command), "--version"], text=True)
    except (OSError, subprocess.CalledProcessError):  # which building will report
        told = ""
    return "clang" if "clang" in told else "gcc"


def levels(arch: str, dialect: str) -> list[tuple[str, list[str]]]:
    """(level, flags) for every level of an architecture, the portable one first."""
    msvc = dialect == "msvc"
    common = COMMON_MSVC if msvc else COMMON
    if dialect == "gcc":
        common = [*common, *GCC_SCHEDULING]
    elif dialect == "clang":
        common = [*common, *CLANG_LANES]
    rows = [("portable", [], []), *LEVELS.get(arch, [])]
    return [(name, common + (msvc_flags if msvc else flags)) for name, flags, msvc_flags in rows]


def files(folder: str) -> list[str]:
    """Return the files of a folder that belong to the project: in a repository those git knows."""
    if Path(".git").exists():
        command = ["git", "ls-files", "-z", folder]
        return subprocess.check_output(command, text=True).split("\0")[:-1]
    found = (p for p in Path(folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return [p.as_posix() for p in found]


class SourceArchive(sdist):
    """Adds what setuptools does not see that people need, and writes equal files as equal bytes."""

    def make_distribution(self) -> None:
        for folder in (".ci", ".github", "bench", "csrc", "findings", "tests"):
            self.filelist.extend(files(folder))
        for pattern in ("*.pyx", "*.pxd", "*.h"):
            self.filelist.extend(p.as_posix() for p in Path("src").rglob(pattern))
        self.filelist.extend([".clang-format", "CHANGELOG.md", "CONTRIBUTING.md"])
        super().make_distribution()

    def make_archive(self, base_name: str, *_: object, base_dir: str, **__: object) -> str:
        date = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))

        def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mtime = date
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            return entry

        name = f"{base_name}.tar.gz"
        Path(name).parent.mkdir(exist_ok=True)
        with (
            gzip.GzipFile(name, "wb", mtime=date) as file,
            tarfile.open(fileobj=file, mode="w") as archive,
        ):
            archive.add(base_dir, filter=anonymous)
        return name


def index_page(readme: str, address: str, version: str) -> str:
    """Return README for a package index, where no file of the repository is beside it.

    Links to files become links to those of the version's tag; without an address their text stays,
    and pictures go.
    """

    def link(match: re.Match[str]) -> str:
        mark, text, target = match.groups()
        if address:
            kind = "raw" if mark else "blob"
            return f"{mark}[{text}]({address}/{kind}/v{version}/{target})"
        return "" if mark else text

    return re.sub(r"(!?)\[([^]]*)\]\((?!https?:)([^)]+)\)", link, readme)


def version() -> str:
    """Return the package's version."""
    text = Path("src/gelu_simd/__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)[1]


def arguments(arch: str, dialect: str, free_threaded: bool = False) -> dict[str, object]:
    """Return what setuptools is told, the extension still in Cython."""
    import numpy as np

    headers = sorted(p.as_posix() for p in Path("csrc").rglob("*") if p.suffix in {".h", ".inc"})
    macros = {
        "NPY_NO_DEPRECATED_API": "NPY_2_0_API_VERSION",
        "NPY_TARGET_VERSION": "NPY_2_0_API_VERSION",
    }
    options = {}
    if not free_threaded:  # which has no stable ABI
        major, minor = STABLE_ABI
        macros["Py_LIMITED_API"] = f"0x{major:02x}{minor:02x}0000"
        options["bdist_wheel"] = {"py_limited_api": f"cp{major}{minor}"}
    return {
        "libraries": [
            (
                f"gelu_simd_{name}",
                {
                    "sources": [f"csrc/kernels/{name}.c"],
                    "include_dirs": ["csrc"],
                    "cflags": flags,
                    "obj_deps": {"": headers},
                },
            )
            for name, flags in levels(arch, dialect)
        ],
        "ext_modules": [
            Extension(
                "gelu_simd._ufuncs",
                sources=[
                    "src/gelu_simd/_ufuncs.pyx",
                    "csrc/dispatch.c",
                    "csrc/loops.c",
                    "csrc/named_loops.c",
                    "csrc/threads.c",
                ],
                depends=[*headers, "src/gelu_simd/_csrc.pxd", "src/gelu_simd/_vectorcall.h"],
                include_dirs=["csrc", "src/gelu_simd", np.get_include()],
                define_macros=list(macros.items()),
                extra_compile_args=COMMON_MSVC if dialect == "msvc" else COMMON,
                extra_link_args=[] if dialect == "msvc" else ["-Wl,-x"],
                py_limited_api=not free_threaded,
            )
        ],
        "options": options,
        "long_description": index_page(
            Path("README.md").read_text(encoding="utf-8"), ADDRESS, version()
        ),
        "long_description_content_type": "text/markdown",
        "url": ADDRESS or None,
        "cmdclass": {"sdist": SourceArchive},
    }


def main() -> None:
    from Cython.Build import cythonize

    if sys.platform == "darwin":  # which is how Python on macOS is told
        os.environ["_PYTHON_HOST_PLATFORM"] = name = target_platform()
        os.environ["ARCHFLAGS"] = f"-arch {name.split('-')[-1]}"
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    told = arguments(architecture(), compiler(), free_threaded)
    # Always anew: what another Cython or NumPy left behind does not compile.
    told["ext_modules"] = cythonize(told["ext_modules"], build_dir="build/cython", force=True)
    setup(**told)


if __name__ == "__main__":
    main()
