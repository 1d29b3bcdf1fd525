"""A gateway per test, and two people who use it."""

from collections.abc import AsyncIterator

import pytest

from conftest import Database
from gateways import Gate, User, gate


@pytest.fixture
async def gateway(database: Database, nats_url: str) -> AsyncIterator[Gate]:
    async with gate(database.dsn, nats_url) as made:
        yield made


@pytest.fixture
async def ann(gateway: Gate) -> User:
    return await gateway.user("ann@example.org")


@pytest.fixture
async def bob(gateway: Gate, ann: User) -> User:
    """Registered after Ann, so no admin."""
    return await gateway.user("bob@example.org")
