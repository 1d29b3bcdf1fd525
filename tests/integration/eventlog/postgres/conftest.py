"""A log on a migrated database of the test's own, seen by a service and by the superuser."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest

from appending import Connection, Wire
from conftest import Database
from eventlog.postgres import PostgresLog, open_log


@pytest.fixture
async def log(database: Database) -> AsyncGenerator[PostgresLog]:
    async with open_log(database.dsn, role="tickmark_dispatcher") as log:
        yield log


@pytest.fixture
async def operator(database: Database) -> AsyncGenerator[Connection]:
    """The superuser, whom nothing stops."""
    connection = await asyncpg.connect(database.dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def wire(database: Database) -> AsyncGenerator[Wire]:
    async with Wire(database.dsn).open() as wire:
        yield wire
