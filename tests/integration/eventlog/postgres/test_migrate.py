"""Migrations: each file once, in order, by one process at a time, and never edited."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from conftest import Database
from eventlog.migrate import MigrationError, migrate


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The migrations folder of a package of the test's own, `migrated`."""
    folder = tmp_path / "migrated" / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / "migrated" / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield folder
    sys.modules.pop("migrated", None)


async def test_files_are_applied_once_in_order(empty_database: Database, package: Path) -> None:
    (package / "002_row.sql").write_text("insert into thing values (1)")
    (package / "001_table.sql").write_text("create table thing (n int)")
    applied = await migrate(empty_database.dsn, ["migrated"])
    assert applied == ["migrated/001_table", "migrated/002_row"]
    (package / "003_row.sql").write_text("insert into thing values (2)")
    assert await migrate(empty_database.dsn, ["migrated"]) == ["migrated/003_row"]
    assert await _things(empty_database) == [1, 2]


async def test_many_processes_migrate_at_once(empty_database: Database, package: Path) -> None:
    (package / "001_table.sql").write_text("create table thing (n int)")
    async with asyncio.TaskGroup() as tasks:
        tries = [
            tasks.create_task(migrate(empty_database.dsn, ["eventlog", "migrated"]))
            for _ in range(5)
        ]
    applied = [name for each in tries for name in each.result()]
    assert sorted(applied) == sorted(set(applied))
    assert "migrated/001_table" in applied


async def test_an_edited_file_is_refused_by_name(empty_database: Database, package: Path) -> None:
    (package / "001_table.sql").write_text("create table thing (n int)")
    await migrate(empty_database.dsn, ["migrated"])
    (package / "001_table.sql").write_text("create table thing (n bigint)")
    with pytest.raises(MigrationError, match="migrated/001_table was edited"):
        await migrate(empty_database.dsn, ["migrated"])


async def test_a_newer_release_is_refused_by_name(empty_database: Database, package: Path) -> None:
    (package / "001_table.sql").write_text("create table thing (n int)")
    (package / "002_row.sql").write_text("insert into thing values (1)")
    await migrate(empty_database.dsn, ["migrated"])
    (package / "002_row.sql").unlink()
    with pytest.raises(MigrationError, match="migrated/002_row is applied"):
        await migrate(empty_database.dsn, ["migrated"])


async def test_a_file_that_fails_leaves_nothing(empty_database: Database, package: Path) -> None:
    file = package / "001_table.sql"
    file.write_text("create table thing (n int); insert into thing values ('no number')")
    with pytest.raises(asyncpg.PostgresError):
        await migrate(empty_database.dsn, ["migrated"])
    file.write_text("create table thing (n int); insert into thing values (1)")
    assert await migrate(empty_database.dsn, ["migrated"]) == ["migrated/001_table"]
    assert await _things(empty_database) == [1]


async def test_each_log_has_an_id_of_its_own(empty_database: Database, database: Database) -> None:
    await migrate(empty_database.dsn, ["eventlog"])
    assert await _log_id(empty_database) != await _log_id(database)


async def _things(database: Database) -> list[int]:
    connection = await asyncpg.connect(database.dsn)
    rows = await connection.fetch("select n from thing order by n")
    await connection.close()
    return [row["n"] for row in rows]


async def _log_id(database: Database) -> str:
    connection = await asyncpg.connect(database.dsn)
    log_id = await connection.fetchval("select log_id::text from eventlog.log_head")
    await connection.close()
    return log_id
