"""The documentation is true: docstrings, and every block and command of the *.md files.

The users' pages are README and docs.  Their Python is run, and so are their calls of the command
line, with less to compute where they take long.  All other commands must be ones that could run:
scripts load, options parse, tests are there.  A block or a command of a kind unknown here fails.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import os
import pydoc
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from gelu_simd._ufuncs import records
from helpers import TYPES, operand_names

import gelu_simd
from gelu_simd._cli import main as program
from gelu_simd._functions import FAST

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "src" / "gelu_simd" / "docs"
USERS = ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in DOCS.glob("*.md"))]
PAGES = [*USERS, "CONTRIBUTING.md", "CHANGELOG.md"]

here = pytest.mark.skipif(
    not (ROOT / "README.md").exists(), reason="the sources are not beside tests"
)

NUMPY = np.lib.NumpyVersion(np.__version__)


# ---- docstrings ----


SECTIONS = ["Parameters", "Returns", "Raises", "See Also", "Notes", "Examples"]


def test_docstring(ufunc: np.ufunc) -> None:
    """NumPy writes the call; then formula, operands, errors by type, special values, source."""
    call, _, doc = ufunc.__doc__.partition("\n\n")
    assert call.startswith(f"{ufunc.__name__}(")
    doc = inspect.cleandoc(doc)
    assert re.findall(r"^(.+)\n-+$", doc, re.MULTILINE) == SECTIONS
    row = records[ufunc]
    assert f".. math:: {row.formula}\n" in doc
    for operand in operand_names(ufunc):
        assert f"\n{operand} : array_like\n" in doc
    assert f"\n{', '.join(row.results)} : ndarray or scalar\n" in doc
    error = "ULP" if row.tier is FAST else "correctly rounded"
    for words in [*TYPES, error, "dimensionless", "TypeError", "NaN gives NaN", "arXiv:1606.08415"]:
        assert words in doc
    composition = row.composition
    once_more = composition is not None and composition.rounds_once
    assert ("rounded once more" if once_more else "correctly rounded") in doc
    assert all(len(line) <= 100 or ":: " in line for line in doc.splitlines())


def run_examples(doc: str | None) -> None:
    examples = doctest.DocTestParser().get_doctest(doc or "", {}, "examples", None, None)
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_examples(ufunc: np.ufunc, isa: str) -> None:
    assert isa
    run_examples(ufunc.__doc__)


def test_examples_of_cpu_info() -> None:
    run_examples(gelu_simd.cpu_info.__doc__)


def test_module_docstring() -> None:
    for row in records.values():
        call = f"{row.public}({', '.join(row.operands)})"
        doc = importlib.import_module(row.tier.module).__doc__
        assert f"\n{call}\n    {row.summary}\n" in doc
    run_examples(gelu_simd.cr.__doc__)


@pytest.mark.skipif(NUMPY < "2.2.0", reason="NumPy < 2.2 writes x1, x2, and nobody can change it")
def test_help_names_the_operands(ufunc: np.ufunc) -> None:
    call = f"{ufunc.__name__}({', '.join(operand_names(ufunc))}"
    call += ", /, out=None, *, where=True" if ufunc.nout == 1 else "[, out1, out2], / [, out="
    assert ufunc.__doc__.startswith(call)
    shown = pydoc.plain(pydoc.render_doc(ufunc))
    assert call in shown
    assert not re.search(r"\bx1\b", shown)


@pytest.mark.skipif(NUMPY < "2.4.0", reason="ufuncs have no signature before NumPy 2.4")
def test_signature(ufunc: np.ufunc) -> None:
    like = list(inspect.signature(np.exp if ufunc.nout == 1 else np.frexp).parameters.values())
    parameters = list(inspect.signature(ufunc).parameters.values())
    inputs, others = parameters[: ufunc.nin], parameters[ufunc.nin :]
    assert inputs == [like[0].replace(name=name) for name in operand_names(ufunc)]
    assert others == like[1:]


# ---- the *.md files, cut into blocks and commands ----


class Block(NamedTuple):
    """Code on lines of its own: after ``` with a language, or indented, which is "" here."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


BLOCK = re.compile(
    r"^```(?P<language>.*)\n(?P<fenced>(?:.*\n)*?)```$"
    r"|(?<=\n\n)(?P<indented>(?: {4}.*\n|\n(?= {4}))+)",
    re.MULTILINE,
)


def text_of(page: str) -> str:
    path = ROOT / page
    return path.read_text(encoding="utf-8") if path.exists() else ""


def blocks(page: str, text: str) -> list[Block]:
    """Return all blocks of a text."""
    return [
        Block(
            page,
            text.count("\n", 0, match.start()) + 1,
            match["language"] or "",
            match["fenced"] if match["indented"] is None else match["indented"],
        )
        for match in BLOCK.finditer(text)
    ]


def spans(text: str) -> list[str]:
    """Return all `code` inside lines."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", BLOCK.sub("", text))


def is_list_of_files(block: Block) -> bool:
    """Tell whether each line begins with a path, the rest being said of it."""
    return all(
        any(ROOT.glob(re.sub(r"<\w+>", "*", line.split()[0].rstrip(",/"))))
        for line in block.text.splitlines()
        if line.strip()
    )


BLOCKS = [block for page in PAGES for block in blocks(page, text_of(page))]


class Command(NamedTuple):
    """A simple command: the variables it sets, and its words."""

    environment: dict[str, str]
    words: list[str]
    output: str | None

    def __str__(self) -> str:
        return " ".join(self.words)


def commands(line: str) -> Iterator[Command]:
    """Split a line as a shell does."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    environment: dict[str, str] = {}
    words: list[str] = []
    output = None
    tokens = list(lexer)
    while tokens:
        token = tokens.pop(0)
        if token in {"&&", ";", "|"}:
            yield Command(environment, words, output)
            environment, words, output = {}, [], None
        elif token == ">":
            output = tokens.pop(0)
        elif not words and re.fullmatch(r"[A-Z_]+=.*", token):
            name, _, environment[name] = token.partition("=")
        else:
            words.append(token)
    yield Command(environment, words, output)


# A line that begins with it sets up all: .ci/run runs those of README in a fresh clone.
SET_UP = "python3 -m venv .venv"

PYTHONS = {"python", "python3", ".venv/bin/python"}
PIPS = {"pip", ".venv/bin/pip"}
PROGRAMS = PYTHONS | PIPS | {"gelu-simd", "ruff", "bash", "source"}


def begins_with_command(span: str) -> bool:
    """Tell a command inside a line from other code; a program's name alone is none."""
    first = re.match(r"(?:[A-Z_]+=\S* )*(\S+) ", span)
    return span.startswith(".ci/") or (first is not None and first[1] in PROGRAMS)


LINES = [
    (str(block), line.partition("  #")[0].strip())
    for block in BLOCKS
    if block.language in {"", "sh"} and not is_list_of_files(block)
    for line in block.text.splitlines()
    if line.strip()
]
SPANS = [
    (page, span) for page in PAGES for span in spans(text_of(page)) if begins_with_command(span)
]


# ---- what there is to check about a command ----


def arguments(command: Command) -> list[str] | None:
    """Return the arguments of our command line, or None if this is another program."""
    words = command.words
    if words[0] == "gelu-simd":
        return words[1:]
    return words[3:] if words[0] in PYTHONS and words[1:3] == ["-m", "gelu_simd"] else None


def check_pip(args: list[str]) -> None:
    """Our own extras must exist."""
    assert args.pop(0) == "install"
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    for arg in args:
        ours = re.fullmatch(r"(?:\.|gelu-simd)(?:\[([\w,-]+)\])?", arg)
        assert ours or re.fullmatch(r"-[\w-]+|[\w-]+([=<>~]=[\d.]+)?", arg), arg
        if ours and ours[1]:
            assert set(ours[1].split(",")) <= set(extras)


OPTIONAL = {"matplotlib", "safetensors", "scipy", "sklearn", "tokenizers"}


def check_script(path: str) -> None:
    """The script loads; that may take packages of the extras."""
    assert (ROOT / path).is_file(), path
    code = "import runpy, sys; from pathlib import Path; path = Path(sys.argv[1])\n"
    code += "sys.path.insert(0, str(path.parent)); runpy.run_path(str(path), run_name='loaded')"
    done = subprocess.run(
        [sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    missing = re.search(r"^ModuleNotFoundError: No module named '(\w+)", done.stderr, re.MULTILINE)
    if missing and missing[1] in OPTIONAL:
        pytest.skip(f"{path} needs {missing[1]}")
    assert done.returncode == 0, done.stderr


def check_tests(args: list[str]) -> None:
    """The selection is not empty."""
    if not args:
        return
    # Not a part of this run: pytest-benchmark warns in a worker of pytest-xdist.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *args],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def in_scripts(pattern: str) -> bool:
    """Tell whether a script of .ci holds `pattern`."""
    scripts = [path for path in (ROOT / ".ci").iterdir() if path.is_file()]
    return any(re.search(pattern, path.read_text(encoding="utf-8")) for path in scripts)


def check(command: Command) -> None:
    """Check that a command could run."""
    program_name, *args = command.words
    ours = arguments(command)
    if ours is not None:
        program.parser().parse_args(ours)
    elif program_name in PIPS:
        check_pip(args)
    elif str(command) == SET_UP:
        assert in_scripts("grep .*" + SET_UP.replace(".", r"\\."))
    elif program_name in PYTHONS and args[:2] == ["-m", "pytest"]:
        check_tests(args[2:])
    elif program_name in PYTHONS and args and args[0].endswith(".py"):
        check_script(args[0])
    elif program_name == "ruff":
        assert in_scripts("ruff.? " + re.escape(" ".join(args)))
    elif program_name == "bash":
        assert (ROOT / args[0]).is_file()
        assert args[1:] == []
    elif program_name.startswith(".ci/"):
        assert (ROOT / program_name).is_file()
    elif program_name == "source":
        assert args == [".venv/bin/activate"]
    else:
        pytest.fail(f"unknown command: {command}")


# ---- running them ----


# Less to compute; of numbers given twice, the last counts.
SHORTER = {
    "verify": ["--function", "gelu", "--samples", "1000"],
    "bench": ["--peers", "none", "--sizes", "1Ki", "--seconds", "1"],
}


def run(command: Command, args: list[str], folder: Path) -> None:
    """Run our command line."""
    program.parser().parse_args(args)
    environment = os.environ | command.environment
    done = subprocess.run(
        [sys.executable, "-m", "gelu_simd", *args, *SHORTER.get(" ".join(args[:1]), [])],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "matplotlib" in done.stderr:
        pytest.skip(done.stderr)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    if command.output is not None:
        (folder / command.output).write_text(done.stdout, encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the users' commands find a file to work on."""
    folder = tmp_path_factory.mktemp("readme")
    np.save(folder / "in.npy", np.linspace(-5, 5, 1000))
    return folder


@here
@pytest.mark.parametrize(("place", "line"), LINES, ids=[" ".join(pair) for pair in LINES])
def test_lines(place: str, line: str, folder: Path) -> None:
    checked = line.startswith(SET_UP) or place.partition(":")[0] not in USERS
    for command in commands(line):
        args = arguments(command)
        if args is None or checked:
            check(command)
        elif "--exhaustive" in args:
            program.parser().parse_args(args)
        else:
            run(command, args, folder)


@here
@pytest.mark.parametrize(("page", "span"), SPANS, ids=[" ".join(pair) for pair in SPANS])
def test_commands_inside_lines(page: str, span: str) -> None:
    assert page
    for command in commands(span):
        check(command)


@here
@pytest.mark.parametrize("page", PAGES)
def test_python(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One block of a page after the other, in the names that the former have left."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    pieces = [b for b in BLOCKS if b.language == "python" and b.page == page]
    assert pieces or page != "README.md"
    for block in pieces:
        exec(compile("\n" * block.line + block.text, ROOT / block.page, "exec"), names)


LINK = re.compile(r"\]\(([^()\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Return what links may name after #: the headings, in small letters and joined by hyphens."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@here
@pytest.mark.parametrize("page", PAGES)
def test_links(page: str) -> None:
    """Files and headings are there; others begin with https."""
    for link in LINK.findall(text_of(page)):
        target, _, anchor = link.partition("#")
        if target.startswith("https://"):
            continue
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


@here
def test_every_page_is_linked_from_readme() -> None:
    assert set(USERS[1:]) <= {link.partition("#")[0] for link in LINK.findall(text_of("README.md"))}


@here
def test_readme_is_read_in_three_minutes() -> None:
    """At 230 words a minute; the table and its picture are looked at."""
    text = re.sub(
        r"<!-- Written.*?: summary.*?<!-- End[^\n]*", "", text_of("README.md"), flags=re.S
    )
    assert len(text.split()) <= 3 * 230


@here
def test_kinds_of_blocks() -> None:
    for block in BLOCKS:
        assert block.language in {"python", "sh", ""}, f"{block}: unknown language"


@here
def test_gelu_simd_is_the_same_program() -> None:
    [script] = entry_points(group="console_scripts", name="gelu-simd")
    assert script.load() is program.main


# ---- these tests can fail ----


PAGE = """\
Text, `python -m gelu_simd info`, `x = 1`.

    first && second  # why

    third

```python
x = 1
```
"""


def test_everything_is_found() -> None:
    pieces = blocks("PAGE", PAGE)
    assert [(b.line, b.language) for b in pieces] == [(3, ""), (7, "python")]
    assert pieces[0].text == "    first && second  # why\n\n    third\n"
    assert pieces[1].text == "x = 1\n"
    assert spans(PAGE) == ["python -m gelu_simd info", "x = 1"]
    [first, second] = commands("A=b first 'x y' > out; second  # why")
    assert first == ({"A": "b"}, ["first", "x y"], "out")
    assert second == ({}, ["second"], None)
    assert not is_list_of_files(pieces[0])


@here
@pytest.mark.parametrize(
    "line",
    [
        "rm -rf .venv",
        "python -m gelu_simd nothing",
        "gelu-simd verify --wrong",
        "python bench/nothing.py",
        "python -m pytest tests/nothing.py",
        "pip install '.[nothing]'",
        "bash .ci/nothing",
        ".ci/nothing",
        "ruff nothing",
        "python -m nothing",
    ],
)
def test_wrong_commands_are_found(line: str) -> None:
    with pytest.raises((AssertionError, SystemExit, pytest.fail.Exception)):
        check(next(commands(line)))
