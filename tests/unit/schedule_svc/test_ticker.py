"""The clock against a log in memory: rivals, edits and leaps of time between two steps."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from contracts.events import Event
from contracts.events.schedule import OccurrencesMissed, ScheduleDeleted, ScheduleTriggered
from contracts.ids import occurrence_id
from eventlog.beside import beside
from eventlog.execute import Cause, append_of
from eventlog.memory import MemoryLog
from eventlog.store import NEW
from one_schedule import (
    DAILY,
    HOUR,
    ID,
    MINUTE,
    NINE,
    created,
    definition,
    fired,
    missed,
    updated,
)
from schedule_svc.horizon import Entry, Horizon
from schedule_svc.prepared import prepared
from schedule_svc.state import Timing, first
from schedule_svc.ticker import tick

TEN, ELEVEN, NOON = NINE + HOUR, NINE + 2 * HOUR, NINE + 3 * HOUR
STREAM = f"schedule-{ID}"
TIMING = first(created())
SECOND = timedelta(seconds=1)


class World:
    """A clock that is set by hand, the log that records by it, and one ticker."""

    def __init__(self) -> None:
        self.at = NINE
        self.log = MemoryLog(clock=lambda: self.at)
        self.horizon = Horizon()

    def now(self) -> datetime:
        return self.at

    def recorded(self, at: datetime, asked: float) -> None:
        """It is set by hand alone."""

    def leap(self, to: datetime) -> None:
        self.at = to
        self.horizon.changed.set()

    async def happen(self, *events: Event, key: str = "other") -> None:
        """Somebody else appends."""
        cause = Cause(key=key, source="/tests", actor="t", time=self.at, correlation=ID)
        version = len(await self.log.stream(STREAM)) or NEW
        answer = await self.log.append(append_of(STREAM, version, events, cause))
        assert answer.status == "ok"

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - it waits for the other task's turns
                await asyncio.sleep(0)

    async def rest(self) -> None:
        """Let the ticker do whatever it wants to do now."""
        for _ in range(100):
            await asyncio.sleep(0)

    @property
    def events(self) -> list[Event]:
        """What came after the creation."""
        return [row.event for row in self.log.rows[1:]]

    def waits_for(self, instant: datetime) -> bool:
        entry = self.horizon.get(ID)
        return entry is not None and entry.timing.next == instant


@asynccontextmanager
async def running(world: World, timing: Timing = TIMING) -> AsyncGenerator[None]:
    """The ticker, which knows the schedule as it was created."""
    world.horizon.offer(Entry("ada", timing))
    async with beside(tick(world.horizon, world.log, world), "ticker") as task:
        yield
        task.cancel()


@pytest.fixture
async def world() -> World:
    world = World()
    await world.happen(created(), key="created")
    return world


async def test_nothing_happens_before_the_instant(world: World) -> None:
    async with running(world):
        world.leap(TEN - timedelta(microseconds=1))
        await world.rest()
        assert world.events == []
        world.leap(TEN)
        await world.until(lambda: world.waits_for(ELEVEN))
    assert world.events[0] == fired(TEN, ELEVEN, tzdata=world_tzdata(world))


def world_tzdata(world: World) -> str:
    event = world.events[0]
    assert isinstance(event, ScheduleTriggered)
    return event.tzdata


async def test_a_rivals_tick_is_as_good_as_ones_own(world: World) -> None:
    rival = prepared(Entry("ada", TIMING), TEN)
    assert (await world.log.append(rival.append)).status == "ok"
    async with running(world):
        world.leap(TEN)
        await world.until(lambda: world.waits_for(ELEVEN))
    assert len(world.events) == 1


async def test_where_a_rival_went_further_its_end_is_where_it_goes_on(world: World) -> None:
    # within the grace of noon the rival coalesced into it; ours, a step behind, into eleven
    ours = prepared(Entry("ada", TIMING), ELEVEN)
    coalesced = missed([TEN, ELEVEN], "coalesced", NOON, into=NOON)
    key = f"tick:{occurrence_id(ID, TEN)}"
    assert ours.append.key == key
    world.at = NOON
    await world.happen(coalesced, fired(NOON, NOON + HOUR), key=key)
    rows = [row.body for row in world.log.rows]
    world.at = ELEVEN + MINUTE
    async with running(world):
        await world.until(lambda: world.waits_for(NOON + HOUR))
        world.leap(NOON + MINUTE)
        await world.rest()
    assert [row.body for row in world.log.rows] == rows


async def test_an_edit_that_was_faster_is_obeyed(world: World) -> None:
    tomorrow = NINE + 24 * HOUR
    await world.happen(updated(definition(DAILY), ("spec",), next=tomorrow))
    async with running(world):
        world.leap(TEN)
        await world.until(lambda: world.waits_for(tomorrow))
        assert len(world.events) == 1
        world.leap(tomorrow)
        await world.until(lambda: len(world.events) == 2)
    last = world.events[-1]
    assert isinstance(last, ScheduleTriggered)
    assert (last.nominal, last.spec_version) == (tomorrow, 2)


async def test_a_deletion_that_was_faster_is_obeyed(world: World) -> None:
    await world.happen(ScheduleDeleted(schedule_id=ID, name="x"))
    async with running(world):
        world.leap(TEN)
        await world.until(lambda: world.horizon.get(ID) is None)
    assert len(world.events) == 1


async def test_an_edit_voids_what_was_prepared(world: World) -> None:
    async with running(world):
        world.leap(TEN - SECOND)
        await world.until(lambda: world.horizon.first() is None)
        edited = TIMING.__class__(ID, DAILY, True, NINE + 24 * HOUR, NINE, 2, 2)
        world.horizon.offer(Entry("ada", edited))
        world.leap(TEN)
        await world.rest()
        assert world.events == []


async def test_what_was_prepared_is_decided_again_after_a_leap_of_time(world: World) -> None:
    async with running(world):
        world.leap(TEN - SECOND)
        await world.until(lambda: world.horizon.first() is None)
        world.leap(ELEVEN + MINUTE)
        await world.until(lambda: world.waits_for(NOON))
    kinds = [type(event) for event in world.events]
    assert kinds == [OccurrencesMissed, ScheduleTriggered]


async def test_a_tick_prepared_in_time_but_appended_late_says_so(world: World) -> None:
    async with running(world):
        world.leap(TEN - SECOND)
        await world.until(lambda: world.horizon.first() is None)
        world.leap(TEN + 2 * MINUTE)
        await world.until(lambda: world.waits_for(ELEVEN))
    (event,) = world.events
    assert isinstance(event, ScheduleTriggered)
    assert event.late


async def test_without_the_log_it_waits_and_then_goes_on(world: World) -> None:
    async with running(world):
        world.log.down = True
        world.leap(TEN)
        await world.rest()
        assert world.events == []
        world.log.down = False
        await world.until(lambda: world.waits_for(ELEVEN))
    assert len(world.events) == 1
