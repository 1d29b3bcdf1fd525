"""Commit order is position order: a reader that asks for what follows its last never skips."""

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise

import asyncpg

from appending import append, append_with, locked_out, stream
from conftest import Database
from eventlog.postgres import PostgresLog, open_log
from eventlog.store import ANY, Append, Row

WRITERS, READERS, STREAMS, EACH = 6, 3, 10, 400


async def test_many_writers_and_readers_neither_lose_nor_skip(database: Database) -> None:
    total = STREAMS + WRITERS * EACH
    async with AsyncExitStack() as stack:
        logs = [await stack.enter_async_context(open_log(database.dsn)) for _ in range(WRITERS)]
        await logs[0].append_all([append(f"new:{n}", stream(n)) for n in range(STREAMS)])
        async with asyncio.timeout(50), asyncio.TaskGroup() as tasks:
            readers = [tasks.create_task(_tail(logs[n], total)) for n in range(READERS)]
            for writer, log in enumerate(logs):
                tasks.create_task(_write(log, writer))
        for reader in readers:
            assert [row.position for row in reader.result()] == list(range(1, total + 1))
        await _versions_run(logs[0])


async def test_an_append_under_way_holds_back_those_behind_it(
    database: Database, log: PostgresLog
) -> None:
    """A sequence would give the second its number first, and a reader would pass over the other."""
    slow = await asyncpg.connect(database.dsn)
    async with asyncio.TaskGroup() as tasks, slow.transaction():
        await append_with(slow, append("slow", stream(1)))
        behind = tasks.create_task(log.append(append("behind", stream(2))))
        await locked_out(slow, 1)
        assert await log.page(0) == []
        assert not behind.done()
    assert [row.stream for row in await log.page(0)] == [stream(1), stream(2)]
    await slow.close()


async def test_a_reader_of_a_sequence_would_lose_an_event(database: Database) -> None:
    slow, fast = await asyncpg.connect(database.dsn), await asyncpg.connect(database.dsn)
    await fast.execute("create table naive (position bigserial)")
    async with slow.transaction():
        await slow.execute("insert into naive default values")
        await fast.execute("insert into naive default values")
        seen = [row["position"] for row in await fast.fetch("select position from naive")]
    later = await fast.fetch("select position from naive where position > $1", seen[-1])
    assert (seen, later) == ([2], [])
    await slow.close()
    await fast.close()


async def _write(log: PostgresLog, writer: int) -> None:
    for start in range(0, EACH, 50):
        batch = [_contended(writer, n) for n in range(start, start + 50)]
        assert all(answer.status == "ok" for answer in await log.append_all(batch))


def _contended(writer: int, n: int) -> Append:
    return append(f"{writer}:{n}", stream((writer + n) % STREAMS), ANY)


async def _tail(log: PostgresLog, total: int) -> list[Row]:
    rows: list[Row] = []
    while len(rows) < total:
        rows += await log.page(rows[-1].position if rows else 0)
    return rows


async def _versions_run(log: PostgresLog) -> None:
    for rows in (await log.streams([stream(n) for n in range(STREAMS)])).values():
        assert [row.version for row in rows] == list(range(1, len(rows) + 1))
        assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(rows))
