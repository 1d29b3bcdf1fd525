"""The house keeps its own rules: sizes, names, and a root that fits one screen."""

import ast
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}


def _files(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).exists()]


SOURCES = [file for file in _files("*.py") if "tests" not in file.relative_to(ROOT).parts]
WRITTEN = _files("*.py", "*.ts", "*.vue", "*.sql", "*.css")


def _functions(file: Path) -> list[tuple[str, int]]:
    return [
        (
            f"{file.relative_to(ROOT)}:{node.lineno} {node.name}",
            (node.end_lineno or 0) - node.lineno + 1,
        )
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_file_is_longer_than_300_lines(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 300


def test_no_function_is_longer_than_50_lines() -> None:
    long = [name for file in SOURCES for name, lines in _functions(file) if lines > 50]
    assert not long


def test_the_median_function_is_short() -> None:
    lengths = [lines for file in SOURCES for _, lines in _functions(file)]
    assert statistics.median(lengths) <= 8
    assert statistics.quantiles(lengths, n=10)[-1] <= 25


def test_the_median_file_is_short() -> None:
    assert statistics.median(len(file.read_text().splitlines()) for file in SOURCES) <= 120


def test_module_names_say_what_they_are_about() -> None:
    assert not [file for file in SOURCES if file.stem in NAMELESS]


def test_every_module_tells_its_story() -> None:
    mute = [file for file in SOURCES if ast.get_docstring(ast.parse(file.read_text())) is None]
    assert not [str(file.relative_to(ROOT)) for file in mute]


def test_the_root_fits_one_screen() -> None:
    entries = {file.relative_to(ROOT).parts[0] for file in _files()}
    assert len({entry for entry in entries if entry != ".ci"}) <= 18


def test_the_readme_fits_two_screens() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
