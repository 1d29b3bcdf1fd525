"""The dispatcher as a process, on a database and a NATS server of the test's own."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

import pytest

from admissions import INVENTORY
from eventlog.bus import Bus, connect
from eventlog.postgres import PostgresLog, open_log
from replicas import Replica, Start, environment, started


class Database(Protocol):
    @property
    def dsn(self) -> str: ...


@pytest.fixture
async def log(database: Database) -> AsyncGenerator[PostgresLog]:
    async with open_log(database.dsn, name="tests") as opened:
        yield opened


@pytest.fixture
async def connection(nats_url: str) -> AsyncGenerator[Bus]:
    async with connect(nats_url, name="tests") as bus:
        yield bus


@pytest.fixture
async def start(database: Database, nats_url: str, tmp_path: Path) -> AsyncGenerator[Start]:
    """Starts replicas with short leases, two runs at once, and one at once for each user."""
    environ = environment(
        tmp_path,
        INVENTORY,
        POSTGRES__DSN=database.dsn,
        POSTGRES__ROLE="tickmark_dispatcher",
        NATS__URL=nats_url,
        LIMITS__INSTANCE=2,
        LIMITS__PER_USER=1,
        DISPATCHER__LEASE_TTL_SECONDS=1,
        DISPATCHER__KEEP_EVERY_SECONDS=0.3,
        DISPATCHER__TRY_EVERY_SECONDS=0.05,
    )
    replicas: list[Replica] = []

    async def begin() -> Replica:
        output = tmp_path / f"dispatcher-{len(replicas)}.log"
        replicas.append(await started("dispatcher_svc", environ, output))
        return replicas[-1]

    try:
        yield begin
    finally:
        for replica in replicas:
            await replica.kill()
