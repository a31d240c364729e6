"""What a frozen program needs of this package beyond what its imports show.

Modules that serve another library are in, that library only if the program imports it.
"""

from importlib.util import find_spec
from pathlib import Path

from gelu_simd._hooks import HOOKS

PACKAGE = Path(find_spec("gelu_simd").origin).parent

# The extension imports the first four; the others are imported where they are needed.
hiddenimports = [
    "gelu_simd._docs",
    "gelu_simd._errors",
    "gelu_simd._promotion",
    "gelu_simd._threads",
    "gelu_simd.cupy",
    *(f"gelu_simd._hooks.{hook}" for hook in HOOKS.values()),
]

excludedimports = [*{module.partition(".")[0] for module in HOOKS}, "cupy", "threadpoolctl"]

# What gelu_simd.cupy compiles.
datas = [
    (str(file), str(file.parent.relative_to(PACKAGE.parent)))
    for file in sorted((PACKAGE / "csrc").rglob("*"))
    if file.is_file()
]
