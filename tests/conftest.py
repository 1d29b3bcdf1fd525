"""Servers and databases for tests, and the mark that ties a test to a promised behaviour."""

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import asyncpg
import pytest

import servers

_numbers = itertools.count(1)


def pytest_report_header() -> str:
    return f"servers: {servers.choice()}"


@dataclass(frozen=True)
class Database:
    """A database of one test: `dsn` is its superuser's."""

    dsn: str


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
    name = f"tickmark_test_{os.getpid()}_{next(_numbers)}"
    admin = await _connected(postgres_server)
    await admin.execute(f"create database {name}")
    try:
        yield Database(dsn=postgres_server.rsplit("/", 1)[0] + f"/{name}")
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


async def _connected(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    while True:
        try:
            return await asyncpg.connect(dsn)
        except asyncpg.CannotConnectNowError:
            continue
