"""The relay against a real server: nothing lost, nothing doubled, whatever happens between."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import pytest
from nats.aio.msg import Msg

from deliveries import (
    NatsServer,
    Progress,
    grow,
    grown,
    read_to,
    relaying,
    requested,
    running,
    until,
)
from eventlog.batches import publish_run
from eventlog.bus import Bus, connect
from eventlog.jetstream import JetStreamError, call, ensure_stream, message_at
from eventlog.memory import MemoryLog
from eventlog.postgres import PostgresLog
from eventlog.relay import ForeignStream, relay
from eventlog.store import Log, Row
from eventlog.wire import headers, subject


async def stored(bus: Bus) -> tuple[int, int, int]:
    """First and last sequence of EVT, and how many messages it holds."""
    state = (await call(bus, "STREAM.INFO.EVT"))["state"]
    return state["first_seq"], state["last_seq"], state["messages"]


async def assert_holds(bus: Bus, log: Log, first: int, last: int) -> None:
    """EVT holds exactly the log's events from `first` to `last`, each at its position."""
    assert await stored(bus) == (first, last, last - first + 1)
    for row in await log.page(first - 1, last - first + 1):
        message = await message_at(bus, row.position)
        assert message is not None
        assert message.headers is not None
        assert message.headers["Nats-Subject"] == subject(row)
        assert message.data == row.body
        assert message.headers.items() >= headers(row, str((await log.head()).log_id)).items()


async def test_each_event_is_stored_at_the_sequence_that_is_its_position(
    bus: Bus, log: PostgresLog
) -> None:
    await grow(log, 30)
    progress = Progress()
    async with running(relaying(log, bus, progress)):
        await progress.reached(30)
        await grow(log, 30, start=31)
        await progress.reached(60)
    await assert_holds(bus, log, 1, 60)


async def test_a_relay_killed_at_any_point_loses_or_doubles_nothing(
    nats: NatsServer, bus: Bus, log: PostgresLog
) -> None:
    await grow(log, 3000)
    for turns in range(0, 60, 3):
        async with connect(nats.url, name="killed") as own:
            await killed_after(turns, relaying(log, own, progress := Progress()), progress)
    await grow(log, 500, start=3001)
    progress = Progress()
    async with running(relaying(log, bus, progress)):
        await progress.reached(3500)
    assert await stored(bus) == (1, 3500, 3500)
    rows = await read_to(log, bus, 3500)
    assert rows == await log.page(0, 3500)


async def test_two_relays_do_not_disturb_each_other(
    nats: NatsServer, bus: Bus, log: PostgresLog
) -> None:
    first, second = Progress(), Progress()
    async with connect(nats.url, name="rival") as rival:
        relays = relaying(log, bus, first), relaying(log, rival, second)
        async with running(*relays):
            for start in range(1, 2001, 50):
                await grow(log, 50, start=start)
            await first.reached(2000)
            await second.reached(2000)
    await assert_holds(bus, log, 1, 2000)


async def test_a_stream_deleted_under_the_relay_is_rebuilt_with_the_same_sequences(
    bus: Bus, log: PostgresLog
) -> None:
    await grow(log, 40)
    progress = Progress()
    async with running(relaying(log, bus, progress)):
        await progress.reached(40)
        await call(bus, "STREAM.DELETE.EVT")
        await grow(log, 1, start=41)
        await progress.reached(41)
    await assert_holds(bus, log, 1, 41)


async def test_a_wiped_store_is_rebuilt_from_the_log(
    nats: NatsServer, bus: Bus, log: PostgresLog
) -> None:
    await grow(log, 40)
    progress = Progress()
    async with running(relaying(log, bus, progress)):
        await progress.reached(40)
        nats.kill()
        nats.wipe()
        await grow(log, 10, start=41)
        nats.start()
        await progress.reached(50)
    await assert_holds(bus, log, 1, 50)


async def test_a_stream_that_lost_its_tail_gets_it_again(bus: Bus, log: PostgresLog) -> None:
    await grow(log, 30)
    await publish_some(bus, log, 12)
    progress = Progress()
    async with running(relaying(log, bus, progress)):
        await progress.reached(30)
    await assert_holds(bus, log, 1, 30)


async def test_a_rebuilt_stream_begins_near_the_head(
    bus: Bus, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlog.relay.REFILLED", 10)
    await grow(log, 40)
    progress = Progress()
    async with running(relaying(log, bus, progress)):
        await progress.reached(40)
    await assert_holds(bus, log, 31, 40)


async def test_a_run_stops_at_its_bytes(
    bus: Bus, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlog.relay.RUN_BYTES", 3000)
    await grow(log, 25)
    seen: list[int] = []
    async with running(relay(log, bus, on_progress=seen.append)):
        await until(lambda: bool(seen) and seen[-1] == 25)
    assert len(seen) > 4
    await assert_holds(bus, log, 1, 25)


async def test_what_is_refused_is_seen_by_no_reader(bus: Bus) -> None:
    log = await grown(20)
    live: list[Msg] = []
    await bus.listen("live.evt.>", live.append)
    progress = Progress()
    async with running(relaying(log, bus, progress)):
        await progress.reached(20)
        forged = await forked(log, 20)
        with pytest.raises(JetStreamError) as refused:
            await publish_run(bus, forged[9:], str(UUID(int=1)))
        assert refused.value.code == 10071
        rows = await read_to(log, bus, 20)
        await until(lambda: len(live) >= 20)
        await bus.client.flush()
    assert rows == log.rows
    assert [message.data for message in live] == [row.body for row in log.rows]


async def test_a_run_with_a_hole_is_stored_up_to_the_hole(bus: Bus) -> None:
    log = await grown(10)
    await publish_some(bus, log, 2)
    with pytest.raises(JetStreamError):
        await publish_run(bus, [*log.rows[2:5], *log.rows[6:]], str(log.log_id))
    await assert_holds(bus, log, 1, 5)


async def test_a_stream_of_another_log_stops_the_relay(bus: Bus, log: PostgresLog) -> None:
    other = await grown(5)
    await publish_some(bus, other, 5)
    await grow(log, 5)
    with pytest.raises(ForeignStream):
        await relay(log, bus)
    await assert_holds(bus, other, 1, 5)


async def test_an_empty_stream_of_another_log_stops_the_relay(bus: Bus) -> None:
    await ensure_stream(bus, str(UUID(int=99)), first=1)
    with pytest.raises(ForeignStream):
        await relay(await grown(5), bus)


async def test_a_log_that_went_back_stops_the_relay(bus: Bus) -> None:
    await publish_some(bus, await grown(5), 5)
    with pytest.raises(ForeignStream):
        await relay(await grown(4), bus)


async def test_a_log_that_went_back_and_grew_again_stops_the_relay(bus: Bus) -> None:
    before = await grown(5)
    await publish_some(bus, before, 5)
    since = MemoryLog()
    await grow(since, 8, start=101)
    with pytest.raises(ForeignStream):
        await relay(since, bus)
    await assert_holds(bus, before, 1, 5)


async def test_a_relay_started_before_its_server_carries_on_when_it_comes(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await grown(10)
    nats.stop()
    monkeypatch.setattr("eventlog.bus.FIRST_WAIT_S", 0.05)
    async with connect(nats.url, name="early") as bus:
        progress = Progress()
        async with running(relaying(log, bus, progress)):
            assert not bus.connected
            nats.start()
            await progress.reached(10)
        await assert_holds(bus, log, 1, 10)


async def killed_after(turns: int, relaying: Coroutine[Any, Any, None], progress: Progress) -> None:
    """Cut off so many turns of the loop after it began to carry."""
    async with running(relaying) as (task,):
        await progress.reached(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()


async def forked(log: MemoryLog, count: int) -> list[Row]:
    """Other events at the positions the log's own have."""
    other = MemoryLog(log.log_id)
    await grow(other, count, start=1001, make=requested)
    return other.rows


async def publish_some(bus: Bus, log: Log, count: int) -> None:
    """A stream that holds the log's first events."""
    full = await log.page(0, count)
    part = MemoryLog((await log.head()).log_id)
    part.rows = full
    progress = Progress()
    async with running(relaying(part, bus, progress)):
        await progress.reached(count)
