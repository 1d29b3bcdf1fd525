"""What a start does about the page of a source tree."""

import asyncio
from pathlib import Path

import pytest

from tickmark import page


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


def checkout(folder: Path, monkeypatch: pytest.MonkeyPatch, recipe: str) -> None:
    (folder / "services/gateway/web").mkdir(parents=True)
    (folder / "services/gateway/web/package.json").write_text("{}")
    (folder / "page").touch()
    (folder / "Makefile").write_text(f"web: built\nbuilt: page\n\t@{recipe}\n")
    monkeypatch.setattr(page, "CHECKOUT", folder)


async def test_a_page_that_is_missing_is_built_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    checkout(tmp_path, monkeypatch, "touch built")
    assert page.has_sources()
    assert await page.build(log) == "built"
    assert await page.build(log) == "up to date"


def test_a_page_that_cannot_be_built_is_no_reason_not_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    checkout(tmp_path, monkeypatch, "echo no registry here; exit 1")
    assert asyncio.run(page.build(log)) == f"could not be built, the API is served; see {log}"
    assert "no registry here" in log.read_text()


def test_an_installed_package_has_no_sources_to_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "CHECKOUT", tmp_path)
    assert not page.has_sources()
