"""From an append to a reader at 1,000 events/s, beside JetStream alone at the same pace.

Appender, relay and reader are one process each in production and share one loop here. The bare
figure is a message published by hand and read by the same reader's feed, with no log behind it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from uuid import UUID

from tests import deliveries, servers
from tests.bench.table import Measured, percentile

from eventlog.batches import publish_run
from eventlog.bus import Bus, connect
from eventlog.feed import JetStreamFeed
from eventlog.jetstream import call, ensure_stream
from eventlog.postgres import PostgresLog, open_log
from eventlog.store import Row
from eventlog.tail import follow

EVENTS, PER_SECOND, WARM = 5_000, 1_000, 500


async def measure() -> list[Measured]:
    with servers.postgres(fsync=True) as dsn, servers.nats() as nats:
        await deliveries.migrated(dsn)
        async with (
            connect(nats, name="appender") as appending,
            connect(nats, name="relay") as relaying,
            connect(nats, name="reader") as reading,
            open_log(dsn, on_commit=appending.poke) as log,
        ):
            ours = await _through_the_log(log, relaying, reading)
            rows = await log.page(0, EVENTS)
            bare = await _through_jetstream(rows, relaying, reading)
    return [_row(ours, bare, 50, "p50 <= 3 ms"), _row(ours, bare, 99, "p99 <= 15 ms")]


def _row(ours: list[float], bare: list[float], percent: int, goal: str) -> Measured:
    mine, ceiling = percentile(ours, percent), percentile(bare, percent)
    return Measured(
        f"append to consumer, 1,000/s, p{percent} ms",
        goal,
        mine,
        "publish to consumer",
        ceiling,
        mine / ceiling,
    )


async def _through_the_log(log: PostgresLog, relaying: Bus, reading: Bus) -> list[float]:
    progress, arrived, sent = deliveries.Progress(), dict[UUID, float](), dict[UUID, float]()

    async def read() -> None:
        async with aclosing(follow(log, reading, 0)) as news:
            async for rows in news:
                arrived.update(dict.fromkeys([row.id for row in rows], time.perf_counter()))

    async def append(number: int) -> None:
        made = deliveries.toggled(number)
        sent[made.events[0].id] = time.perf_counter()
        await log.append(made)

    async with deliveries.running(deliveries.relaying(log, relaying, progress), read()):
        await progress.reached(0)
        await _paced(append)
        await deliveries.until(lambda: len(arrived) == EVENTS)
    return [(arrived[id_] - at) * 1000 for id_, at in sent.items()][WARM:]


async def _through_jetstream(rows: list[Row], writing: Bus, reading: Bus) -> list[float]:
    await call(writing, "STREAM.DELETE.EVT")
    await ensure_stream(writing, "bare", first=1)
    arrived, sent = dict[int, float](), dict[int, float]()
    feed, order = JetStreamFeed(reading, 500), asyncio.Lock()
    await feed.open(0)

    async def read() -> None:
        while True:
            frames = await feed.next(500, 1.0)
            arrived.update(dict.fromkeys([one.position for one in frames], time.perf_counter()))

    async def publish(number: int) -> None:
        sent[number] = time.perf_counter()
        async with order:
            await publish_run(writing, [rows[number - 1]], "bare")

    async with deliveries.running(read()):
        await _paced(publish)
        await deliveries.until(lambda: len(arrived) == EVENTS)
    await feed.close()
    return [(arrived[number] - at) * 1000 for number, at in sent.items()][WARM:]


async def _paced(act: Callable[[int], Awaitable[None]]) -> None:
    """`act` with 1, 2, 3... at an even pace, whether or not the one before has ended."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as tasks:
        for number in range(1, EVENTS + 1):
            await asyncio.sleep(began + number / PER_SECOND - loop.time())
            tasks.create_task(_acted(act, number))


async def _acted(act: Callable[[int], Awaitable[None]], number: int) -> None:
    await act(number)
