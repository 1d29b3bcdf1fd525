"""Servers and databases for tests, and the mark that ties a test to a promised behaviour."""

import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import pytest

import servers
from eventlog.migrate import migrate

PACKAGES = ("eventlog", "schedule_svc", "dispatcher_svc", "runner_svc", "gateway")
_numbers = itertools.count(1)


def pytest_report_header() -> str:
    return f"servers: {servers.choice()}"


@dataclass(frozen=True)
class Database:
    """A database of one test: `dsn` is its superuser's."""

    dsn: str
    name: str


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with servers.postgres() as dsn:
        yield dsn


@pytest.fixture
def nats_url() -> Iterator[str]:
    """A NATS server of the test's own: streams of one account may not overlap in subjects."""
    with servers.nats() as url:
        yield url


@pytest.fixture
async def empty_database(postgres_server: str) -> AsyncIterator[Database]:
    """A database with nothing in it."""
    async with _created(postgres_server) as database:
        yield database


@pytest.fixture(scope="session")
async def template(postgres_server: str) -> AsyncIterator[str]:
    """The name of a migrated database that is copied, never used."""
    async with _created(postgres_server) as database:
        await migrate(database.dsn, PACKAGES)
        yield database.name


@pytest.fixture
async def database(postgres_server: str, template: str) -> AsyncIterator[Database]:
    """A migrated database with a log of its own, empty."""
    async with _created(postgres_server, f"template {template} strategy file_copy") as database:
        admin = await asyncpg.connect(database.dsn)
        await admin.execute("update eventlog.log_head set log_id = gen_random_uuid()")
        await admin.close()
        yield database


@asynccontextmanager
async def _created(server: str, how: str = "") -> AsyncGenerator[Database]:
    name = f"tickmark_test_{os.getpid()}_{next(_numbers)}"
    admin = await _connected(server)
    await admin.execute(f"create database {name} {how}")
    try:
        yield Database(dsn=server.rsplit("/", 1)[0] + f"/{name}", name=name)
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


async def _connected(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    while True:
        try:
            return await asyncpg.connect(dsn)
        except asyncpg.CannotConnectNowError:
            continue
