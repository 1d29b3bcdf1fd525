"""Every named statement is one the migrated database understands."""

from importlib.resources import files
from importlib.util import find_spec

import asyncpg

from conftest import PACKAGES, Database
from eventlog.queries import load

STATEMENTS = [
    (package, name, sql)
    for package in PACKAGES
    if find_spec(package) and files(package).joinpath("queries.sql").is_file()
    for name, sql in load(package).items()
]


async def test_every_statement_can_be_prepared(database: Database) -> None:
    connection = await asyncpg.connect(database.dsn)
    wrong: dict[str, str] = {}
    for package, name, sql in STATEMENTS:
        try:
            await connection.prepare(sql)
        except asyncpg.PostgresError as error:
            wrong[f"{package}:{name}"] = str(error)
    await connection.close()
    assert not wrong
    assert len(STATEMENTS) > 15
