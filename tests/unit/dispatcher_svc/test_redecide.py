"""The recorded log through the same decider: identical, or the first difference by name."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from admissions import INVENTORY, LARGE, OWL, SMALL, deleted, toggled
from contracts.events.run import RunRequested, RunSkipped
from contracts.events.system import Limits
from dispatcher_svc import admission
from dispatcher_svc.dispatcher import Rules, dispatch
from dispatcher_svc.state import Admission
from eventlog.audit.redecide import NotInstalled, OutOfReach, Verdict, load_process, redecide
from eventlog.lease import Lease
from eventlog.memory import MemoryLog
from eventlog.process import Decision, Process, Recorded
from eventlog.store import Answer, Append, Row
from triggering import Schedules, end_runs, first_answers, until


class Interrupted(MemoryLog):
    """Lets others run between two appends, so that a kill may fall between them."""

    async def append_all(self, appends: Sequence[Append]) -> list[Answer]:
        return [await self._append_later(append) for append in appends]

    async def _append_later(self, append: Append) -> Answer:
        await asyncio.sleep(0)
        return await self.append(append)


async def life(log: MemoryLog, random: Random, leaders: int = 8) -> None:
    """Schedules fire and change, runs end, and each leader but the last is killed somewhere."""
    schedules = Schedules(log)
    for number, owner in enumerate(("ada", "bob", "eve") * 2):
        await schedules.create(f"s{number}", (SMALL, LARGE, OWL)[number % 3], owner)
    async with asyncio.TaskGroup() as tasks:
        runner = tasks.create_task(end_runs(log))
        for epoch in range(leaders):
            leading = tasks.create_task(lead(log, epoch, random.randint(1, 3)))
            await changes(schedules, random)
            for _ in range(random.randint(0, 40)):
                await asyncio.sleep(0)
            leading.cancel()
            await asyncio.wait({leading})
        leading = tasks.create_task(lead(log, leaders, 2))
        await settled(log, len(schedules.fired))
        leading.cancel()
        runner.cancel()


async def lead(log: MemoryLog, epoch: int, room: int) -> None:
    rules = Rules(Limits(instance=room, per_user=2), INVENTORY)
    await dispatch(log, None, Lease("dispatcher", epoch, "tests", len(log.rows)), rules)


async def changes(schedules: Schedules, random: Random) -> None:
    for _ in range(random.randint(0, 12)):
        number = random.randrange(6)
        owner = ("ada", "bob", "eve")[number % 3]
        if random.random() < 0.1:
            enabled = random.random() < 0.5
            await schedules.append(f"s{number}", toggled(f"s{number}", enabled=enabled), owner)
        else:
            await schedules.fire(f"s{number}", random.choice(("clock", "manual")), owner)
        if random.random() < 0.3:
            await asyncio.sleep(0)


async def settled(log: MemoryLog, fired: int) -> None:
    """Until every run asked for has its end."""
    async with asyncio.timeout(10):
        while sum(row.type in ("RunCompleted", "RunSkipped") for row in log.rows) < fired:
            log.wake.clear()
            await log.wake.wait()


async def test_logs_with_leaders_killed_anywhere_are_decided_the_same_again() -> None:
    cut = 0
    for seed in range(10):
        log = Interrupted()
        await life(log, Random(seed))
        verdict = await redecide(log, admission)
        assert verdict.first is None
        decided = sum(row.type in admission.DECISIONS for row in log.rows)
        assert verdict.decisions["identical"] == decided
        assert all(len(answers) == 1 for answers in first_answers(log.rows).values())
        cut += verdict.decisions["cut"]
    assert cut > 0, "no kill cut a decision off, so this shows nothing about them"


async def recorded_life() -> MemoryLog:
    log = Interrupted()
    await life(log, Random(7))
    return log


def mutated(**parts: Any) -> Process[Admission]:
    """The dispatcher's decider with something changed."""
    return cast("Process[Admission]", SimpleNamespace(**{**vars(admission), **parts}))


def mildly(state: Admission, recorded: Recorded) -> list[Decision]:
    return [
        replace(d, event=d.event.model_copy(update={"detail": "Sorry"}))
        if isinstance(d.event, RunSkipped)
        else d
        for d in admission.react(state, recorded)
    ]


def lazily(state: Admission, recorded: Recorded) -> list[Decision]:
    decisions = admission.react(state, recorded)
    return [] if recorded.position % 5 == 0 else decisions


@pytest.mark.parametrize(("react", "kind"), [(mildly, "different"), (lazily, "extra")])
async def test_a_decider_that_decides_otherwise_is_caught(
    react: Callable[..., Any], kind: str
) -> None:
    verdict = await redecide(await recorded_life(), mutated(react=react))
    assert not verdict.good
    assert verdict.first
    assert verdict.first.kind == kind


async def test_the_first_difference_shows_both_versions() -> None:
    log = await recorded_life()
    verdict = await redecide(log, mutated(react=mildly))
    assert verdict.first
    assert verdict.first.expected
    assert verdict.first.found
    row = log.rows[verdict.first.position - 1]
    assert verdict.first.found["stream"] == verdict.first.expected["stream"] == row.stream
    assert verdict.first.expected["detail"] == "Sorry"
    assert verdict.first.found["detail"] != "Sorry"


def without(log: MemoryLog, row: Row) -> MemoryLog:
    """The log as it would be had this event never been in it."""
    kept = [each for each in log.rows if each is not row]
    return holding([replace(each, position=n) for n, each in enumerate(kept, 1)])


def holding(rows: list[Row]) -> MemoryLog:
    log = MemoryLog()
    for row in rows:
        log.rows.append(row)
        log._streams[row.stream].append(row)  # pyright: ignore[reportPrivateUsage] - a forged log
    return log


async def one_leader() -> MemoryLog:
    """A log in which one leader, never killed, answered ticks of four schedules."""
    log = MemoryLog()
    schedules = Schedules(log)
    rules = Rules(Limits(), INVENTORY)
    async with asyncio.TaskGroup() as tasks:
        lease = Lease("dispatcher", 1, "tests", 0)
        leading = tasks.create_task(dispatch(log, None, lease, rules))
        await until(log, "DispatcherStarted", 1)
        for number in range(4):
            await schedules.create(f"s{number}")
        for number in range(4):
            await schedules.fire(f"s{number}")
        await until(log, "RunRequested", 4)
        await schedules.append("s0", deleted("s0"))
        leading.cancel()
    return log


async def verdict_of(rows: list[Row]) -> Verdict:
    return await redecide(holding(rows), admission)


async def test_a_decision_that_is_not_in_the_log_is_missing_at_its_cause() -> None:
    log = await one_leader()
    gone = next(row for row in log.rows if row.type == "RunRequested")
    verdict = await redecide(without(log, gone), admission)
    assert verdict.decisions["missing"] == 1
    assert verdict.first
    tick = next(row for row in log.rows if row.id == gone.causation)
    assert verdict.first.position == tick.position
    assert verdict.first.found is None


async def test_decisions_that_changed_places_are_out_of_order() -> None:
    log = await one_leader()
    one, two = [n for n, row in enumerate(log.rows) if row.type == "RunRequested"][:2]
    rows = list(log.rows)
    rows[one], rows[two] = (
        replace(rows[two], position=one + 1),
        replace(rows[one], position=two + 1),
    )
    verdict = await verdict_of(rows)
    assert verdict.decisions["order"] == 1
    assert not verdict.good


async def test_the_last_decisions_a_log_does_not_hold_yet_are_cut() -> None:
    log = await one_leader()
    last = [row for row in log.rows if row.type == "RunRequested"][-1]
    verdict = await redecide(without(log, last), admission)
    assert verdict.good
    assert verdict.decisions == {"identical": 3, "cut": 1}


async def test_a_decision_filed_under_another_owner_differs() -> None:
    log = await one_leader()
    rows = [
        replace(row, owner="mallory") if row.type == "RunRequested" else row for row in log.rows
    ]
    verdict = await verdict_of(rows)
    assert verdict.decisions["different"] == 4


async def test_what_another_version_decided_cannot_be_decided_again() -> None:
    with pytest.raises(OutOfReach, match="decided by version 1, installed is 2"):
        await redecide(await one_leader(), mutated(VERSION=2))


async def test_a_part_of_the_log_can_be_decided_again() -> None:
    log = await one_leader()
    third = [row for row in log.rows if row.type == "RunRequested"][2]
    verdict = await redecide(log, admission, to=third.position)
    assert verdict.to == third.position
    assert verdict.decisions["identical"] == 3
    assert isinstance(third.event, RunRequested)


def test_the_dispatcher_is_found_by_its_entry_point() -> None:
    assert load_process("dispatcher") is admission


def test_a_process_that_is_not_installed_is_named() -> None:
    with pytest.raises(NotInstalled, match="sealer: The process that decided is not installed"):
        load_process("sealer")
