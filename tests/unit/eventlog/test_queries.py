"""Named statements in files."""

import sys
from pathlib import Path

import pytest

from eventlog.queries import load


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`queries.sql` of a package of the test's own, `asked`."""
    (tmp_path / "asked").mkdir()
    (tmp_path / "asked" / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "asked", raising=False)
    load.cache_clear()
    return tmp_path / "asked" / "queries.sql"


def test_statements_are_found_by_name(file: Path) -> None:
    file.write_text("-- name: one\n-- First.\nselect 1;\n\n-- name: two\n-- Next.\nselect 2\n")
    assert {name: sql.splitlines()[-1] for name, sql in load("asked").items()} == {
        "one": "select 1",
        "two": "select 2",
    }


def test_a_name_is_given_once(file: Path) -> None:
    file.write_text("-- name: one\nselect 1\n-- name: one\nselect 2\n")
    with pytest.raises(ValueError, match="twice"):
        load("asked")
