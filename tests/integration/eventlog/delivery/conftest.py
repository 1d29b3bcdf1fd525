"""A NATS server of the test's own, a connection to it, and the log on PostgreSQL that pokes it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from conftest import Database
from deliveries import NatsServer, nats_server
from eventlog.bus import Bus, connect
from eventlog.postgres import PostgresLog, open_log


@pytest.fixture
def nats() -> Iterator[NatsServer]:
    with nats_server() as server:
        yield server


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    async with connect(nats.url, name="test") as bus:
        yield bus


@pytest.fixture
async def log(database: Database, bus: Bus) -> AsyncIterator[PostgresLog]:
    async with open_log(database.dsn, on_commit=bus.poke) as log:
        yield log
