"""Forward only: each package's `migrations/NNN_name.sql`, in order, each once.

One process migrates at a time and the others wait, so every replica may call it at its start. A
file that was applied is never edited again; what it did is corrected by a later one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

from eventlog.queries import load

SQL = load("eventlog")


class MigrationError(Exception):
    """The files and the database tell different stories; the message names the migration."""


@dataclass(frozen=True)
class Migration:
    """One file: forward from the one before it."""

    package: str
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.package}/{self.name}"


def migrations(package: str) -> list[Migration]:
    """The package's migrations in order; [] if it has none."""
    folder = files(package).joinpath("migrations")
    if not folder.is_dir():
        return []
    found = (file for file in folder.iterdir() if file.name.endswith(".sql"))
    return [
        Migration(package, file.name.removesuffix(".sql"), file.read_text())
        for file in sorted(found, key=lambda file: file.name)
    ]


async def migrate(dsn: str, packages: Sequence[str]) -> list[str]:
    """Bring the database up to these packages' files; the names of those applied now.

    Raises MigrationError where an applied file was edited, or is not the files' next: then the
    database was migrated by another release.
    """
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "migrate"})
    try:
        await connection.execute(SQL["migrations_lock"])
        await connection.execute(SQL["migrations_schema"])
        await connection.execute(SQL["migrations_table"])
        return [
            await _apply(connection, migration)
            for package in packages
            for migration in await _pending(connection, package)
        ]
    finally:
        await connection.close()


async def _pending(
    connection: "asyncpg.Connection[asyncpg.Record]", package: str
) -> list[Migration]:
    known = migrations(package)
    applied = await connection.fetch(SQL["migrations_applied"], package)
    for n, row in enumerate(applied):
        if n == len(known) or known[n].name != row["name"]:
            raise MigrationError(
                f"{package}/{row['name']} is applied, but not next among the files"
            )
        if known[n].sha256 != row["sha256"]:
            raise MigrationError(f"{known[n]} was edited after it was applied")
    return known[len(applied) :]


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> str:
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(SQL["migration_over"])
        await connection.execute(
            SQL["migration_record"], migration.package, migration.name, migration.sha256
        )
    return str(migration)
