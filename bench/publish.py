"""Publishes measurements: the only program that writes figures, tables, hashes and names.

    python bench/publish.py accuracy [VERIFY.json ...]

writes src/gelu_simd/_measured.py, the page of errors and the comments of csrc/maths.  The files are
what `python -m gelu_simd verify --exhaustive --samples 1e9 --json` prints.

    python bench/publish.py bits

writes the hashes in tests/bits.json, by the best level with a fused multiply-add.

    python bench/publish.py names

writes the functions' names and shapes into the stubs of the public modules.

    python bench/publish.py proof PROOF.json

writes bench/results/proof.json, tests/worst.csv and the errors of the correctly rounded float32
functions, from the file that bench/prove.py leaves.

    python bench/publish.py speed [REPORT.json ...]

writes the page of speed, its pictures, and README's claim and table; reports of one machine become
one in the folder of its processor under bench/results.  These measure all of it, in the sum of
their seconds, 12 minutes, on a quiet machine.  MNN has its own: it does not run beside TensorFlow.

    ALL="1 16 256 4Ki 16Ki 64Ki 256Ki 1Mi 4Mi 16Mi 64Mi"
    LARGE="16Ki 256Ki 4Mi 64Mi"
    gelu-simd bench --sizes $ALL --seconds 330 --json 1.json
    gelu-simd bench --sizes $ALL --peers mnn --function gelu_tanh --seconds 20 --json 2.json
    gelu-simd bench --sizes 1 16Ki 256Ki 4Mi --dtype float64 float16 bfloat16 \
        --seconds 200 --json 3.json
    gelu-simd bench --sizes $LARGE --dtype float32 bfloat16 --threads own \
        --peers torch onnxruntime jax tensorflow litert openvino numexpr --seconds 150 --json 4.json
    gelu-simd bench --sizes $LARGE --threads own --peers mnn --function gelu_tanh \
        --seconds 15 --json 5.json

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
import importlib
import json
from collections.abc import Sequence
from pathlib import Path

import figures_accuracy
import figures_frameworks
import figures_others
import figures_proof
import figures_speed
from marks import PYTHON, ROOT, replace

import gelu_simd
from gelu_simd import _ufuncs
from gelu_simd._check.digest import digest
from gelu_simd._functions import TIERS, Tier
from gelu_simd._levels import BITS, using

HASHES = ROOT / "tests" / "bits.json"


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
            f"  {json.dumps(row.name)}: "
            + json.dumps({t.name: digest(ufunc, t) for t in _ufuncs.dtypes if t.name in row.types})
            for ufunc, row in _ufuncs.records.items()
        ]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def bits(_: Sequence[Path]) -> None:
    """Publish the hashes of the bits."""
    HASHES.write_text(hashes(), encoding="utf-8")


def stub_file(tier: Tier) -> Path:
    """Return the stub of a tier's module."""
    file = Path(importlib.import_module(tier.module).__file__)
    return ROOT / "src" / "gelu_simd" / file.with_suffix(".pyi").name


def stub(tier: Tier, text: str) -> str:
    """Return the stub with the functions of the tier."""
    ufuncs = _ufuncs.of_tier(tier)
    rows = [
        f"{name}: Final[_ufunc_types.Ufunc{ufunc.nin}to{ufunc.nout}[_ufunc_types.{tier.stub}]]\n"
        for name, ufunc in ufuncs.items()
    ]
    exported = "".join(f'    "{name}",\n' for name in sorted(ufuncs))
    return replace(text, "names", f"__all__ += [\n{exported}]\n\n{''.join(rows)}", PYTHON)


def names(_: Sequence[Path]) -> None:
    """Publish the names for type checkers."""
    for tier in TIERS:
        path = stub_file(tier)
        path.write_text(stub(tier, path.read_text(encoding="utf-8")), encoding="utf-8")


def proof(files: Sequence[Path]) -> None:
    """Publish a complete proof."""
    for file in files:
        states = figures_proof.read(file)
        figures_proof.PROOF.write_text(figures_proof.facts(states), encoding="ascii")
        figures_proof.WORST.write_text(figures_proof.worst(states), encoding="ascii")
        measured = figures_accuracy.stored() | figures_proof.errors(states)
        text = figures_accuracy.data(figures_accuracy.ordered(measured))
        figures_accuracy.DATA.write_text(text, encoding="utf-8")


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
    part.__name__: part
    for part in (accuracy, bits, names, proof, speed, training, frameworks, others)
}


def main(args: Sequence[str] | None = None) -> None:
    """Publish one part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    options = parser.parse_args(args)
    if options.files and options.part not in {"accuracy", "proof", "speed"}:
        parser.error(f"{options.part} takes no files")
    try:
        PARTS[options.part](options.files)
    except (OSError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
