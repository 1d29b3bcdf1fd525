"""A read model and its checkpoint, over crashes, rivals and a server that goes away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from conftest import Database
from deliveries import Progress, grow, relaying, running
from eventlog.bus import Bus
from eventlog.postgres import PostgresLog, open_log
from eventlog.projection import project
from eventlog.store import Row
from eventlog.tail import OtherLog

TABLES = """
create schema counting;
create table counting.checkpoints (name text, generation int, log_id uuid, position bigint not null,
  status text not null check (status in ('building', 'live', 'retired')),
  primary key (name, generation));
create table counting.seen (position bigint, by text);
"""


class Counting:
    """Writes each event down, without any care for doubles."""

    name, schema = "counting", "counting"

    def __init__(self, by: str = "one") -> None:
        self.by, self.fail_at, self.cut_at, self.batches = by, 0, 0, 0

    async def apply(self, connection: Any, rows: Sequence[Row]) -> None:
        values = [(row.position, self.by) for row in rows]
        await connection.executemany("insert into counting.seen values ($1, $2)", values)
        self.batches += 1
        if self.cut_at in [row.position for row in rows]:
            self.cut_at = 0
            await connection.execute("select pg_terminate_backend(pg_backend_pid())")
        if self.fail_at in [row.position for row in rows]:
            raise ZeroDivisionError


@pytest.fixture
async def log(database: Database) -> AsyncIterator[PostgresLog]:
    async with open_log(database.dsn) as log:
        await log.pool.execute(TABLES)
        yield log


async def seen(log: PostgresLog) -> list[int]:
    found = await log.pool.fetch("select position from counting.seen order by position")
    return [row["position"] for row in found]


async def checkpoint(log: PostgresLog) -> int:
    return await log.pool.fetchval("select position from counting.checkpoints")


async def test_every_event_is_applied_once_and_the_checkpoint_stands_at_the_last(
    log: PostgresLog,
) -> None:
    await grow(log, 700)
    applied = Progress()
    async with running(project(Counting(), log.pool, log, None, on_applied=applied)):
        await applied.reached(700)
        await grow(log, 5, start=701)
        await applied.reached(705)
    assert await seen(log) == list(range(1, 706))
    assert await checkpoint(log) == 705


async def test_it_goes_on_where_it_was_after_any_interruption(log: PostgresLog) -> None:
    await grow(log, 300)
    for turns in range(0, 200, 3):
        async with running(project(Counting(), log.pool, log, None, batch=10)) as (task,):
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
        assert await seen(log) == list(range(1, (await checkpoint(log) or 0) + 1))
    applied = Progress()
    async with running(project(Counting(), log.pool, log, None, on_applied=applied)):
        await applied.reached(300)
    assert await seen(log) == list(range(1, 301))


async def test_an_event_that_cannot_be_applied_stops_it_and_leaves_nothing_of_its_batch(
    log: PostgresLog,
) -> None:
    await grow(log, 25)
    failing = Counting()
    failing.fail_at = 15
    with pytest.raises(ZeroDivisionError):
        await project(failing, log.pool, log, None, batch=10)
    assert await seen(log) == list(range(1, 11))
    assert await checkpoint(log) == 10


async def test_of_two_rivals_each_event_is_applied_once(bus: Bus, log: PostgresLog) -> None:
    first, second, relayed = Progress(), Progress(), Progress()
    one, two = Counting("one"), Counting("two")
    async with running(
        relaying(log, bus, relayed),
        project(one, log.pool, log, bus, on_applied=first, batch=20),
        project(two, log.pool, log, bus, on_applied=second, batch=20),
    ):
        for start in range(1, 2001, 40):
            await grow(log, 40, start=start)
        await first.reached(2000)
        await second.reached(2000)
    assert await seen(log) == list(range(1, 2001))
    assert one.batches
    assert two.batches


async def test_a_lost_connection_is_waited_out(log: PostgresLog) -> None:
    applied = Progress()
    async with running(project(Counting(), log.pool, log, None, on_applied=applied)):
        for round_ in range(5):
            await grow(log, 20, start=20 * round_ + 1)
            await cut(log)
            await applied.reached(20 * round_ + 20)
    assert await seen(log) == list(range(1, 101))


async def test_a_connection_lost_within_a_batch_leaves_nothing_of_it(log: PostgresLog) -> None:
    await grow(log, 25)
    cutting, applied = Counting(), Progress()
    cutting.cut_at = 15
    async with running(project(cutting, log.pool, log, None, on_applied=applied, batch=10)):
        await applied.reached(25)
    assert cutting.cut_at == 0
    assert await seen(log) == list(range(1, 26))


async def cut(log: PostgresLog) -> None:
    """End every connection of this database but the one that does it."""
    with suppress(asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError):
        await log.pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


async def test_a_read_model_of_another_log_is_not_continued(log: PostgresLog) -> None:
    await grow(log, 3)
    applied = Progress()
    async with running(project(Counting(), log.pool, log, None, on_applied=applied)):
        await applied.reached(3)
    await log.pool.execute("update counting.checkpoints set log_id = gen_random_uuid()")
    with pytest.raises(OtherLog):
        await project(Counting(), log.pool, log, None)
    assert await seen(log) == [1, 2, 3]


@pytest.mark.parametrize("rebuilt_to", [10, 4])
async def test_the_generation_that_is_live_is_the_one_that_goes_on(
    log: PostgresLog, rebuilt_to: int
) -> None:
    await grow(log, 10)
    applied = Progress()
    async with running(project(Counting(), log.pool, log, None, on_applied=applied)):
        await applied.reached(10)
        await log.pool.execute(
            "with retired as (update counting.checkpoints set status = 'retired' returning *)"
            " insert into counting.checkpoints select name, 2, log_id, $1, 'live' from retired",
            rebuilt_to,
        )
        await grow(log, 5, start=11)
        await applied.reached(15)
    moved = await log.pool.fetch("select position from counting.checkpoints order by generation")
    assert [row["position"] for row in moved] == [10, 15]
    assert await seen(log) == sorted([*range(1, 16), *range(rebuilt_to + 1, 11)])
