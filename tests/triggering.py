"""Schedules that fire and runs that end, appended to a log as their services would do it."""

import asyncio
from collections import defaultdict
from contextlib import aclosing
from datetime import UTC, datetime
from uuid import UUID, uuid5

from admissions import NAMES, SMALL, created, ended, named, triggered
from contracts.actions import Action
from contracts.events import Event
from contracts.events.run import RunRequested
from contracts.events.schedule import Cause as Firing
from contracts.events.schedule import ScheduleTriggered
from contracts.ids import run_stream, schedule_stream
from eventlog.bus import Bus
from eventlog.execute import Cause, append_of
from eventlog.store import Log, Row
from eventlog.tail import follow

AT = datetime(2026, 3, 29, 12, tzinfo=UTC)


def cause(key: str, owner: str | None, correlation: UUID) -> Cause:
    return Cause(
        key=key,
        source="/tests",
        actor="service:tests",
        time=AT,
        owner=owner,
        correlation=correlation,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


class Schedules:
    """Those of a log, each appended to at the version it was left at."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._versions: defaultdict[str, int] = defaultdict(int)
        self.fired: list[UUID] = []

    async def append(self, name: str, event: Event, owner: str = "eve") -> int:
        """Its position."""
        stream, version = schedule_stream(named(name)), self._versions[name]
        why = cause(f"test:{name}:{version}", owner, uuid5(NAMES, f"{name}/{version}"))
        answer = await self._log.append(append_of(stream, version, [event], why))
        assert answer.status == "ok"
        self._versions[name] = answer.version
        return answer.first or 0

    async def create(self, name: str, action: Action = SMALL, owner: str = "eve") -> int:
        return await self.append(name, created(name, action), owner)

    async def fire(self, name: str, how: Firing = "clock", owner: str = "eve") -> UUID:
        event = triggered(name, f"{name} {len(self.fired)}", how)
        self.fired.append(event.run_id)
        await self.append(name, event, owner)
        return event.run_id


async def end_runs(log: Log, bus: Bus | None = None) -> None:
    """A runner that needs no time: every run that is requested succeeds."""
    async with aclosing(follow(log, bus, 0)) as batches:
        async for rows in batches:
            for row in rows:
                if isinstance(event := row.event, RunRequested):
                    await end(log, row, event)


async def end(log: Log, row: Row, event: RunRequested) -> None:
    why = cause(f"run:{event.run_id}:end", row.owner, row.correlation)
    stream = run_stream(event.run_id)
    await log.append(append_of(stream, row.version, [ended(event.run_id)], why))


async def events(log: Log) -> list[Row]:
    rows: list[Row] = []
    while page := await log.page(rows[-1].position if rows else 0, 1000):
        rows += page
    return rows


async def until(log: Log, what: str, count: int, within_s: float = 15.0) -> list[Row]:
    """The log once it holds `count` events of this type."""
    async with asyncio.timeout(within_s):
        async with aclosing(follow(log, None, 0)) as batches:
            found = 0
            async for rows in batches:
                found += sum(row.type == what for row in rows)
                if found >= count:
                    return await events(log)
    raise AssertionError


def first_answers(rows: list[Row]) -> dict[UUID, list[str]]:
    """What came first in the stream of each run that was asked for, and how often."""
    answers: dict[UUID, list[str]] = {}
    for row in rows:
        if isinstance(event := row.event, ScheduleTriggered):
            answers[event.run_id] = []
    for row in rows:
        if row.stream.startswith("run-") and row.version == 1:
            answers[UUID(row.stream.removeprefix("run-"))].append(row.type)
    return answers
