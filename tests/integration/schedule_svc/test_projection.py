"""The table beside the log: what it holds is what the events say, however they arrive."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from contracts.events.schedule import ScheduleEvent
from eventlog.execute import Cause, Folded, append_of, fold
from eventlog.postgres import PostgresLog
from eventlog.store import NEW, Row
from one_schedule import (
    DAILY,
    HOUR,
    ID,
    MINUTE,
    NINE,
    TZ,
    create,
    spec,
    tick,
    toggle,
    trigger,
    update,
)
from schedule_svc import schedule
from schedule_svc.due import DueTable
from schedule_svc.horizon import Entry, Horizon
from schedule_svc.projection import DueProjection
from schedule_svc.schedule import Command, Delete
from schedule_svc.state import Schedule, State

STREAM = f"schedule-{ID}"
LIFE: Sequence[Command] = (
    create(),
    tick(NINE + HOUR),
    update(NINE + HOUR, name="Speed"),
    trigger(NINE + HOUR + MINUTE),
    tick(NINE + 2 * HOUR + MINUTE, 3 * HOUR),
    update(NINE + 6 * HOUR, spec=spec(every="2h")),
    toggle(NINE + 6 * HOUR, False),
    update(NINE + 7 * HOUR, description="x" * 5000),
    update(NINE + 7 * HOUR, spec=DAILY),
    toggle(NINE + 8 * HOUR, True),
)


async def lived(log: PostgresLog, commands: Sequence[Command]) -> list[Row]:
    """The events of one schedule's life."""
    state, version = schedule.initial(), NEW
    for n, command in enumerate(commands):
        events: list[ScheduleEvent] = schedule.decide(command, state)
        assert events, f"command {n} decides nothing"
        cause = Cause(
            key=str(n), source="/tests", actor="ada", time=NINE, correlation=ID, owner="ada"
        )
        answer = await log.append(append_of(STREAM, version, events, cause))
        version = answer.version
        for event in events:
            state = schedule.evolve(state, event)
    return await log.stream(STREAM)


async def applied(log: PostgresLog, rows: Sequence[Row], at_once: int) -> Horizon:
    projection = DueProjection(horizon := Horizon())
    for start in range(0, len(rows), at_once):
        async with log.pool.acquire() as connection, connection.transaction():
            await projection.apply(connection, rows[start : start + at_once])
    return horizon


def folded(rows: Sequence[Row]) -> Folded[State]:
    return fold(schedule, Folded(schedule.initial(), NEW), rows)


@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 100])
async def test_the_row_is_the_fold_of_the_events_however_they_are_batched(
    log: PostgresLog, at_once: int
) -> None:
    rows = await lived(log, LIFE)
    for seen in range(1, len(rows) + 1):
        await log.pool.execute("truncate schedule.due")
        await applied(log, rows[:seen], at_once)
        owned = await DueTable(log.pool).snapshot(ID)
        assert owned is not None
        assert (owned.owner, owned.folded) == ("ada", folded(rows[:seen]))


async def test_of_a_deleted_schedule_nothing_is_left(log: PostgresLog) -> None:
    rows = await lived(log, [*LIFE, Delete(now=NINE + 9 * HOUR, tzdata=TZ)])
    horizon = await applied(log, rows, 4)
    assert await DueTable(log.pool).snapshot(ID) is None
    assert horizon.first() is None


async def test_the_horizon_hears_it_at_once(log: PostgresLog) -> None:
    rows = await lived(log, LIFE)
    state = folded(rows).state
    assert isinstance(state, Schedule)
    horizon = await applied(log, rows, 3)
    assert horizon.get(ID) == Entry("ada", state.timing)


async def test_the_horizon_is_filled_from_the_table(log: PostgresLog) -> None:
    rows = await lived(log, LIFE)
    await applied(log, rows, 3)
    state, table, horizon = folded(rows).state, DueTable(log.pool), Horizon()
    assert isinstance(state, Schedule)
    due = state.timing.next
    assert due is not None
    await table.fill(horizon, due - MINUTE)
    assert horizon.first() is None
    await table.fill(horizon, due)
    assert horizon.get(ID) == Entry("ada", state.timing)
    assert await table.enabled() == 1


async def test_an_old_event_does_not_bring_an_instant_back(log: PostgresLog) -> None:
    rows = await lived(log, LIFE)
    await applied(log, rows, 100)
    await applied(log, rows[:3], 1)
    owned = await DueTable(log.pool).snapshot(ID)
    assert owned is not None
    assert owned.folded.version == rows[-1].version


async def test_a_stranger_has_no_row(log: PostgresLog) -> None:
    assert await DueTable(log.pool).snapshot(UUID(int=7)) is None
