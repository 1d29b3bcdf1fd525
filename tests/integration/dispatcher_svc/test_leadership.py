"""One dispatcher decides, whatever is killed or paused: nothing is lost, nothing is doubled."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID

import pytest

from admissions import INVENTORY
from contracts.events.system import Limits
from dispatcher_svc import admission
from dispatcher_svc.dispatcher import Rules, dispatch
from eventlog.audit.redecide import redecide
from eventlog.bus import Bus
from eventlog.jetstream import message_at
from eventlog.lease import Lease, take
from eventlog.postgres import PostgresLog, open_log
from eventlog.store import Fenced, Row
from eventlog.wire import frame
from triggering import Schedules, end_runs, events, first_answers, until

OWNERS = ("ada", "bob", "eve")
RULES = Rules(Limits(), INVENTORY)


class Replica(Protocol):
    def send(self, number: signal.Signals) -> None: ...
    async def kill(self) -> None: ...
    async def stop(self) -> int: ...
    def said(self, event: str) -> list[dict[str, object]]: ...


Start = Callable[[], Awaitable[Replica]]


class Database(Protocol):
    @property
    def dsn(self) -> str: ...


async def created(log: PostgresLog, number: int = 6) -> Schedules:
    schedules = Schedules(log)
    for n in range(number):
        await schedules.create(f"s{n}", owner=OWNERS[n % 3])
    return schedules


async def fire_all(schedules: Schedules, number: int = 6) -> None:
    for n in range(number):
        await schedules.fire(f"s{n}", "manual" if n % 2 else "clock", OWNERS[n % 3])


async def all_over(log: PostgresLog, fired: int) -> list[Row]:
    """The log once every run asked for has ended or was skipped."""
    async with asyncio.timeout(20):
        while True:
            rows = await events(log)
            if sum(row.type in ("RunCompleted", "RunSkipped") for row in rows) >= fired:
                return rows
            await until(log, "RunCompleted", sum(r.type == "RunCompleted" for r in rows) + 1)


def each_was_answered_once(rows: list[Row]) -> bool:
    return all(len(answers) == 1 for answers in first_answers(rows).values())


def at_most_at_once(rows: list[Row]) -> tuple[int, int]:
    """How many runs went at once, of all and of one user, by the order of the log."""
    going: dict[UUID, str] = {}
    most, most_of_one = 0, 0
    for row in rows:
        match row.type:
            case "RunRequested":
                going[UUID(row.stream.removeprefix("run-"))] = row.owner or ""
            case "RunCompleted":
                del going[UUID(row.stream.removeprefix("run-"))]
            case _:
                continue
        most = max(most, len(going))
        most_of_one = max(most_of_one, *Counter(going.values()).values(), 0)
    return most, most_of_one


async def test_a_dispatcher_killed_again_and_again_loses_and_doubles_nothing(
    log: PostgresLog, start: Start, connection: Bus
) -> None:
    schedules = await created(log)
    async with asyncio.TaskGroup() as tasks:
        runner = tasks.create_task(end_runs(log, connection))
        for leader in range(1, 4):
            process = await start()
            await until(log, "DispatcherStarted", leader)
            await fire_all(schedules)
            await process.kill()
            await fire_all(schedules)
        last = await start()
        rows = await all_over(log, len(schedules.fired))
        runner.cancel()
    assert each_was_answered_once(rows)
    assert at_most_at_once(rows) == (2, 1)
    verdict = await redecide(log, admission)
    assert verdict.first is None
    assert verdict.leaders == 4
    await carried(log, connection)
    assert await last.stop() == 0


async def carried(log: PostgresLog, connection: Bus) -> None:
    """JetStream holds the last event at the sequence that is its position."""
    head = (await log.head()).position
    async with asyncio.timeout(10):
        while (message := await message_at(connection, head)) is None:
            await log.head()
    assert frame(message).position == head


async def test_a_replica_takes_over_from_one_that_stands_still(
    log: PostgresLog, start: Start, connection: Bus
) -> None:
    schedules = await created(log)
    first = await start()
    await until(log, "DispatcherStarted", 1)
    second = await start()
    async with asyncio.TaskGroup() as tasks:
        runner = tasks.create_task(end_runs(log, connection))
        await fire_all(schedules)
        first.send(signal.SIGSTOP)
        await fire_all(schedules)
        await until(log, "DispatcherStarted", 2)
        first.send(signal.SIGCONT)
        await fire_all(schedules)
        rows = await all_over(log, len(schedules.fired))
        runner.cancel()
    assert each_was_answered_once(rows)
    assert (await redecide(log, admission)).first is None
    assert await second.stop() == 0
    await until(log, "DispatcherStarted", 3)
    assert first.said("lease_ended")


async def taken(log: PostgresLog, holder: str) -> Lease:
    """The lease, as soon as it is free."""
    async with asyncio.timeout(5):
        while (lease := await take(log.pool, "dispatcher", holder, 0.2)) is None:
            await log.head()
    return lease


async def is_refused(log: PostgresLog, lease: Lease) -> None:
    with pytest.raises(Fenced):
        await dispatch(log, None, lease, RULES)


async def test_a_leader_that_does_not_know_it_lost_its_lease_is_refused(
    log: PostgresLog, database: Database
) -> None:
    schedules = await created(log, 1)
    old = await taken(log, "old")
    async with open_log(database.dsn, lease=old) as fenced, asyncio.TaskGroup() as tasks:
        refused = tasks.create_task(is_refused(fenced, old))
        await until(log, "DispatcherStarted", 1)
        new = await taken(log, "new")
        await schedules.fire("s0")
        await refused
    async with open_log(database.dsn, lease=new) as leading, asyncio.TaskGroup() as tasks:
        task = tasks.create_task(dispatch(leading, None, new, RULES))
        rows = await until(log, "RunRequested", 1)
        task.cancel()
    assert each_was_answered_once(rows)
    verdict = await redecide(log, admission)
    assert verdict.good
    assert verdict.decisions == {"cut": 1, "identical": 1}
