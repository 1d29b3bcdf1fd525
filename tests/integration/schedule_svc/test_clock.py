"""The clock in real processes: at the instant, once, whatever is killed."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from contracts.commands import DeleteSchedule, ToggleSchedule
from contracts.events.schedule import OccurrencesMissed, ScheduleTriggered
from contracts.ids import occurrence_id
from contracts.specs import Every
from eventlog.audit.outcome import outcome
from eventlog.postgres import PostgresLog
from replicas import Start
from scheduling import Ask, events_of, made, new_schedule, stream_of, wait_for

SECOND = timedelta(seconds=1)


async def chained(log: PostgresLog) -> None:
    """Nothing is doubled, passed over or early; that no dispatcher answers is no concern here."""
    verdict = await outcome(log)
    assert [each for each in verdict.findings if "no answer" not in each.detail] == []


@pytest.mark.feature("W15")
async def test_a_schedule_fires_at_each_instant_and_never_before_it(
    start: Start, ask: Ask, log: PostgresLog
) -> None:
    await start()
    schedule_id = await made(ask, new_schedule("one"))
    rows = await wait_for(log, stream_of(schedule_id), lambda rows: len(rows) >= 5)
    ticks = events_of(rows, ScheduleTriggered)
    assert {b.nominal - a.nominal for a, b in pairwise(ticks)} == {SECOND}
    late = [row.recorded_at - tick.due for row, tick in zip(rows[1:], ticks, strict=True)]
    assert min(late) >= timedelta(0)
    assert sorted(late)[len(late) // 2] < timedelta(milliseconds=200)
    await chained(log)


async def test_a_tick_tells_nothing_of_the_replica_that_fired_it(
    start: Start, ask: Ask, log: PostgresLog
) -> None:
    await start()
    schedule_id = await made(ask, new_schedule("one"))
    rows = await wait_for(log, stream_of(schedule_id), lambda rows: len(rows) >= 2)
    envelope = rows[1].decoded()
    (tick,) = events_of(rows[1:2], ScheduleTriggered)
    assert tick.run_id == occurrence_id(schedule_id, tick.nominal) == envelope.correlationid
    assert (envelope.time, envelope.actor, envelope.owner) == (
        tick.due,
        "service:schedule-svc",
        "ada",
    )


async def test_two_replicas_fire_each_instant_once(
    start: Start, ask: Ask, log: PostgresLog
) -> None:
    replicas = [await start(), await start()]
    ids = [await made(ask, new_schedule(f"s{n}")) for n in range(3)]
    for schedule_id in ids:
        rows = await wait_for(log, stream_of(schedule_id), lambda rows: len(rows) >= 6)
        instants = Counter(tick.nominal for tick in events_of(rows, ScheduleTriggered))
        assert set(instants.values()) == {1}
        assert events_of(rows, OccurrencesMissed) == []
    fired = [line["occurrence_id"] for each in replicas for line in each.said("tick_fired")]
    assert len(fired) == len(set(fired))
    await chained(log)


@pytest.mark.feature("W27")
async def test_killed_and_started_again_it_catches_up_with_one_run(
    start: Start, ask: Ask, log: PostgresLog
) -> None:
    first = await start()
    schedule_id = await made(ask, new_schedule("one"))
    before = await wait_for(log, stream_of(schedule_id), lambda rows: len(rows) >= 3)
    await first.kill()
    killed = (await log.stream(stream_of(schedule_id)))[-1]
    await after(log, killed.recorded_at + 4 * SECOND)
    await start()
    rows = await wait_for(
        log,
        stream_of(schedule_id),
        lambda rows: len(rows) > killed.version + 2,
    )
    news = [row.event for row in rows[killed.version :]]
    assert isinstance(news[0], OccurrencesMissed)
    assert isinstance(news[1], ScheduleTriggered)
    assert news[0].count >= 2
    assert (news[0].reason, news[0].into) == ("coalesced", news[1].nominal)
    (created, *_), phases = before, set[timedelta]()
    for tick in events_of(rows, ScheduleTriggered):
        phases.add((tick.nominal - tick.epoch) % SECOND)
    assert created.version == 1
    assert phases == {timedelta(0)}
    await chained(log)


async def after(log: PostgresLog, instant: datetime) -> None:
    """Return once the database's clock has passed the instant."""
    async with asyncio.timeout(20):
        while await log.pool.fetchval("select clock_timestamp() <= $1", instant):
            await log.pool.execute("select pg_sleep(0.05)")


async def test_a_change_is_in_force_within_a_second_on_every_replica(
    start: Start, ask: Ask, log: PostgresLog
) -> None:
    await start()
    await start()
    schedule_id = await made(ask, new_schedule("one"))
    rows = await wait_for(log, stream_of(schedule_id), lambda rows: len(rows) >= 2)
    assert rows[1].recorded_at - rows[0].recorded_at < 2 * SECOND
    off = ToggleSchedule(
        owner="ada", actor="ada", key="off", schedule_id=schedule_id, enabled=False
    )
    assert (await ask(off)).ok
    stopped = (await log.stream(stream_of(schedule_id)))[-1]
    assert stopped.type == "ScheduleToggled"
    await after(log, stopped.recorded_at + 2.5 * SECOND)
    assert (await log.stream(stream_of(schedule_id)))[-1].version == stopped.version
    await chained(log)


async def test_a_deleted_schedule_never_fires_again(
    start: Start, ask: Ask, log: PostgresLog
) -> None:
    await start()
    schedule_id = await made(ask, new_schedule("one"))
    await wait_for(log, stream_of(schedule_id), lambda rows: len(rows) >= 2)
    gone = DeleteSchedule(owner="ada", actor="ada", key="gone", schedule_id=schedule_id)
    assert (await ask(gone)).ok
    last = (await log.stream(stream_of(schedule_id)))[-1]
    await after(log, last.recorded_at + 2.5 * SECOND)
    assert (await log.stream(stream_of(schedule_id)))[-1].type == "ScheduleDeleted"


async def test_hundreds_due_at_one_instant_all_fire(
    start: Start, ask: Ask, log: PostgresLog
) -> None:
    await start()
    grid = Every.model_validate({"every": "2s", "anchor": "2026-01-01T00:00:00Z"})
    owners = [f"user-{n}" for n in range(100)]
    ids = [
        await made(ask, new_schedule(f"{n}", grid, owner=owner))
        for owner in owners
        for n in range(3)
    ]
    for schedule_id in ids:
        await wait_for(log, stream_of(schedule_id), lambda rows: len(rows) >= 3)
    await chained(log)


async def test_it_stops_cleanly_when_asked(start: Start) -> None:
    assert await (await start()).stop() == 0
