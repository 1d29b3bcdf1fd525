"""Tail over a real server and a real log: restarts, wiped streams, a bus that is away."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

import pytest

from deliveries import (
    NatsServer,
    Progress,
    eventually,
    grow,
    grown,
    positions,
    relaying,
    running,
    taken,
    until,
)
from eventlog.bus import Bus, BusUnavailable, connect
from eventlog.jetstream import JetStreamError, call
from eventlog.memory import MemoryLog
from eventlog.postgres import PostgresLog
from eventlog.store import Log, Row
from eventlog.tail import follow


class Reading:
    """A tail at work: what it has read so far."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    async def run(self, news: AsyncGenerator[list[Row]]) -> None:
        async with aclosing(news):
            async for rows in news:
                self.rows += rows

    async def reached(self, position: int, within_s: float = 20.0) -> None:
        await until(lambda: bool(self.rows) and self.rows[-1].position >= position, within_s)


@asynccontextmanager
async def reading(log: Log, bus: Bus | None, after: int = 0) -> AsyncGenerator[Reading]:
    reading = Reading()
    async with running(reading.run(follow(log, bus, after))):
        yield reading


async def consumers(bus: Bus) -> list[str]:
    try:
        return (await call(bus, "CONSUMER.NAMES.EVT"))["consumers"] or []
    except (JetStreamError, BusUnavailable):
        return []


async def until_live(bus: Bus) -> None:
    """A tail has its consumer."""

    async def has_one() -> bool:
        return bool(await consumers(bus))

    await eventually(has_one)


async def test_what_comes_over_the_bus_is_what_the_log_holds(bus: Bus, log: PostgresLog) -> None:
    progress = Progress()
    async with running(relaying(log, bus, progress)):
        await progress.reached(0)
        async with reading(log, bus) as tail:
            await until_live(bus)
            for start in range(1, 1501, 100):
                await grow(log, 100, start=start)
            await tail.reached(1500)
    assert tail.rows == await log.page(0, 1500)


async def test_a_live_tail_does_not_burden_the_log(bus: Bus) -> None:
    log, progress = await grown(5), Progress()
    seen = Counted()
    seen.rows = log.rows
    async with running(relaying(log, bus, progress)):
        await progress.reached(5)
        async with reading(seen, bus, after=5) as tail:
            await until_live(bus)
            before = seen.pages
            for number in range(6, 206):
                await bus.poke(await grow(log, 1, start=number))
                await tail.reached(number)
    assert seen.pages - before <= 3


class Counted(MemoryLog):
    pages = 0

    async def page(self, after: int, limit: int = 1000) -> list[Row]:
        self.pages += 1
        return await super().page(after, limit)


async def test_a_tail_outlives_restarts_of_the_server(
    nats: NatsServer, bus: Bus, log: PostgresLog
) -> None:
    progress = Progress()
    async with running(relaying(log, bus, progress)), reading(log, bus) as tail:
        for round_ in range(3):
            await grow(log, 50, start=100 * round_ + 1)
            await tail.reached(100 * round_ + 50)
            nats.kill()
            await grow(log, 50, start=100 * round_ + 51)
            await tail.reached(100 * round_ + 100)
            nats.start()
            await progress.reached(100 * round_ + 100)
    assert tail.rows == await log.page(0, 300)


async def test_a_tail_outlives_a_wiped_store(nats: NatsServer, bus: Bus, log: PostgresLog) -> None:
    progress = Progress()
    async with running(relaying(log, bus, progress)), reading(log, bus) as tail:
        await grow(log, 50)
        await tail.reached(50)
        nats.kill()
        nats.wipe()
        nats.start()
        await grow(log, 50, start=51)
        await tail.reached(100)
        await progress.reached(100)
        await grow(log, 50, start=101)
        await tail.reached(150)
    assert tail.rows == await log.page(0, 150)


async def test_a_tail_comes_back_to_the_bus(nats: NatsServer, bus: Bus, log: PostgresLog) -> None:
    progress = Progress()
    async with running(relaying(log, bus, progress)):
        await progress.reached(0)
        async with reading(log, bus) as tail:
            await until_live(bus)
            nats.stop()
            await grow(log, 10)
            await tail.reached(10)
            nats.start()
            await progress.reached(10)
            await until_live(bus)
            await grow(log, 10, start=11)
            await tail.reached(20)
    assert positions(tail.rows) == list(range(1, 21))


async def test_a_tail_that_starts_without_a_server_follows_the_log(
    nats: NatsServer, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    nats.stop()
    monkeypatch.setattr("eventlog.bus.FIRST_WAIT_S", 0.05)
    async with connect(nats.url, name="early") as bus, reading(log, bus) as tail:
        await grow(log, 5)
        await tail.reached(5)
        await grow(log, 5, start=6)
        await tail.reached(10)


async def test_a_relay_that_stands_still_delays_its_readers_and_no_more(
    bus: Bus, log: PostgresLog
) -> None:
    progress = Progress()
    async with running(relaying(log, bus, progress)) as (relay,):
        await progress.reached(0)
        async with reading(log, bus) as tail:
            await until_live(bus)
            relay.cancel()
            await grow(log, 20)
            await tail.reached(20, within_s=5)
    assert positions(tail.rows) == list(range(1, 21))


async def test_a_stream_of_another_log_is_not_believed(bus: Bus, log: PostgresLog) -> None:
    other, progress = MemoryLog(), Progress()
    async with running(relaying(other, bus, progress)), reading(log, bus) as tail:
        await progress.reached(0)
        await grow(other, 10, start=500)
        await progress.reached(10)
        await grow(log, 10)
        await tail.reached(10)
    assert tail.rows == await log.page(0, 10)


async def test_a_tail_that_is_closed_leaves_no_consumer(bus: Bus) -> None:
    log, progress = await grown(3), Progress()
    async with running(relaying(log, bus, progress)):
        await progress.reached(3)
        async with aclosing(follow(log, bus, 3)) as news, asyncio.TaskGroup() as tasks:
            task = tasks.create_task(taken(news, 4))
            await until_live(bus)
            await grow(log, 1, start=4)
            await task
        assert await consumers(bus) == []
