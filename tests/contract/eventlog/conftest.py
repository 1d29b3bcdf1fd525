"""Both logs, side by side, with what an operator may do to either."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import asyncpg
import pytest

from appending import Kept
from conftest import Database
from eventlog.memory import MemoryLog
from eventlog.postgres import open_log
from eventlog.store import Log


@pytest.fixture
async def in_memory() -> Kept:
    hands = [datetime(2026, 1, 2, tzinfo=UTC)]
    log = MemoryLog(clock=lambda: hands[-1])

    async def freeze() -> None:
        log.frozen = True

    async def step_back() -> datetime:
        hands.append(datetime(2026, 1, 1, tzinfo=UTC))
        return hands[0]

    return Kept(log, freeze, step_back)


@pytest.fixture
async def in_postgres(database: Database) -> AsyncGenerator[Kept]:
    operator = await asyncpg.connect(database.dsn)

    async def freeze() -> None:
        await operator.execute("update eventlog.log_head set frozen = 'restored'")

    async def step_back() -> datetime:
        ahead = "update eventlog.log_head set recorded_at = recorded_at + interval '1 day'"
        return await operator.fetchval(f"{ahead} returning recorded_at")

    async with open_log(database.dsn, role="tickmark_schedule") as log:
        yield Kept(log, freeze, step_back)
    await operator.close()


@pytest.fixture(params=["in_memory", "in_postgres"])
def kept(request: pytest.FixtureRequest) -> Kept:
    return request.getfixturevalue(request.param)


@pytest.fixture
def log(kept: Kept) -> Log:
    return kept.log
