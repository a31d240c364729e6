"""Publishes measurements: the only program that writes figures, tables, hashes and names.

    python bench/publish.py accuracy [VERIFY.json ...]

writes src/gelu_simd/_measured.py, the page of errors and the comments of csrc/maths.  The files are
what `python -m gelu_simd verify --exhaustive --samples 1e9 --json` prints.

    python bench/publish.py bits

writes the hashes in tests/bits.json, by the best level with a fused multiply-add.

    python bench/publish.py names

writes the functions' names and shapes into the stub src/gelu_simd/__init__.pyi.

    python bench/publish.py speed [REPORT.json ...]

writes the page of speed, its pictures, and README's claim and table; reports of one machine become
one in the folder of its processor under bench/results.  These measure all of it, in about ten
minutes on a quiet machine:

    gelu-simd bench --sizes 1 16 256 4Ki 16Ki 64Ki 256Ki 1Mi 4Mi 16Mi 64Mi \
        --seconds 100 --json 1.json
    gelu-simd bench --sizes 1 16Ki 256Ki 4Mi --dtype float64 float16 bfloat16 --json 2.json
    gelu-simd bench --sizes 16Ki 256Ki 4Mi 64Mi --dtype float32 bfloat16 --threads own \
        --peers torch onnxruntime jax tensorflow numexpr --json 3.json

    python bench/publish.py training

writes the table of training, from what this program leaves in bench/results:

    python bench/train_digits.py --json bench/results/train_digits.json \
        --plot bench/results/train_digits.png

    python bench/publish.py frameworks

writes the table of costs inside PyTorch and JAX, from what this program leaves in bench/results:

    python bench/frameworks.py --json bench/results/frameworks.json

    python bench/publish.py others

writes the table and the picture of other libraries' errors, from what this program leaves in
bench/results, run in the environment of each library:

    python bench/porting.py --json bench/results/others.json
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import figures_accuracy
import figures_frameworks
import figures_others
import figures_speed
from marks import PYTHON, ROOT, replace

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check.digest import digest
from gelu_simd._levels import BITS, using

HASHES = ROOT / "tests" / "bits.json"
STUB = ROOT / "src" / "gelu_simd" / "__init__.pyi"


def accuracy(files: Sequence[Path]) -> None:
    """Publish errors, having taken over those of the files, and the docstrings' examples."""
    measured = figures_accuracy.stored()
    for file in files:
        measured = figures_accuracy.update(measured, file.read_text(encoding="utf-8"))
    figures_accuracy.require_all(measured)
    texts = {figures_accuracy.DATA: figures_accuracy.data(measured)}
    texts |= figures_accuracy.published(measured)
    for dtype in figures_accuracy.MATHS:
        texts |= figures_accuracy.comments(dtype, measured)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


def hashes() -> str:
    """Return the hashes of all functions and types as JSON, a function a line."""
    level = next(level for level in gelu_simd.cpu_info()["available"] if BITS[level] == "fused")
    with using(level):
        rows = [
            f"  {json.dumps(name)}: "
            + json.dumps({dtype.name: digest(ufunc, dtype) for dtype in _ufuncs.dtypes})
            for name, ufunc in _ufuncs.ufuncs.items()
        ]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def bits(_: Sequence[Path]) -> None:
    """Publish the hashes of the bits."""
    HASHES.write_text(hashes(), encoding="utf-8")


def stub(text: str) -> str:
    """Return the stub with the functions of the list."""
    rows = [
        f"{name}: Final[_ufunc_types.Ufunc{inputs}to{outputs}]\n"
        for name, inputs, outputs in _ufuncs.FUNCTIONS
    ]
    exported = "".join(f'    "{name}",\n' for name in sorted(_ufuncs.ufuncs))
    return replace(text, "names", f"__all__ += [\n{exported}]\n\n{''.join(rows)}", PYTHON)


def names(_: Sequence[Path]) -> None:
    """Publish the names for type checkers."""
    STUB.write_text(stub(STUB.read_text(encoding="utf-8")), encoding="utf-8")


def speed(files: Sequence[Path]) -> None:
    """Publish reports of the command `bench`."""
    if files:
        figures_speed.write(figures_speed.merge([figures_speed.read(file) for file in files]))
    training(())


def training(_: Sequence[Path]) -> None:
    """Publish what the pages say of speed and training."""
    reports, trained = figures_speed.machines(), figures_speed.read(figures_speed.TRAINED)
    for path, text in figures_speed.published(reports, trained).items():
        path.write_text(text, encoding="utf-8")


def frameworks(_: Sequence[Path]) -> None:
    """Publish the costs inside frameworks."""
    for path, text in figures_frameworks.published(figures_frameworks.stored()).items():
        path.write_text(text, encoding="utf-8")


def others(_: Sequence[Path]) -> None:
    """Publish the errors of other libraries."""
    figures_others.draw()
    for path, text in figures_others.published(figures_others.stored()).items():
        path.write_text(text, encoding="utf-8")


PARTS = {
    part.__name__: part for part in (accuracy, bits, names, speed, training, frameworks, others)
}


def main(args: Sequence[str] | None = None) -> None:
    """Publish one part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    options = parser.parse_args(args)
    if options.files and options.part not in {"accuracy", "speed"}:
        parser.error(f"{options.part} takes no files")
    try:
        PARTS[options.part](options.files)
    except (OSError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
