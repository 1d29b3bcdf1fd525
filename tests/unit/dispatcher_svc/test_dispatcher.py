"""The loop over a log in memory: what it appends, and what it does when the log says no."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from admissions import INVENTORY, named
from contracts.events.run import RunQueued, RunStarted
from contracts.events.system import DispatcherStarted, Limits
from contracts.ids import run_stream
from dispatcher_svc import admission
from dispatcher_svc.dispatcher import Fold, Refused, Rules, dispatch, stand_by
from eventlog.audit.redecide import redecide
from eventlog.execute import append_of
from eventlog.lease import Lease
from eventlog.memory import MemoryLog
from triggering import Schedules, cause, end_runs, events, first_answers, until

RULES = Rules(Limits(per_user=1), INVENTORY)


async def lead(log: MemoryLog, epoch: int, rules: Rules = RULES) -> None:
    await dispatch(log, None, Lease("dispatcher", epoch, "tests", len(log.rows)), rules)


@asynccontextmanager
async def leading(log: MemoryLog, epoch: int = 1) -> AsyncGenerator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(lead(log, epoch))
        await until(log, "DispatcherStarted", epoch)
        yield
        task.cancel()


async def test_a_tick_is_answered_in_its_own_story() -> None:
    log = MemoryLog()
    schedules = Schedules(log)
    async with leading(log):
        await schedules.create("s")
        run_id = await schedules.fire("s")
        rows = await until(log, "RunRequested", 1)
    tick, answer = rows[-2], rows[-1]
    envelope = answer.decoded()
    assert answer.stream == run_stream(run_id)
    assert (answer.owner, answer.correlation) == (tick.owner, tick.correlation)
    assert answer.causation == tick.id
    assert envelope.afterposition == tick.position
    assert (envelope.source, envelope.actor) == ("/dispatcher-svc", "service:dispatcher-svc")
    assert envelope.traceparent == tick.decoded().traceparent


async def test_a_run_that_waited_belongs_to_its_owner_and_is_caused_by_the_end_of_another() -> None:
    log = MemoryLog()
    schedules = Schedules(log)
    for name in ("s", "t"):
        await schedules.create(name)
        await schedules.fire(name)
    async with asyncio.TaskGroup() as tasks:
        async with leading(log):
            await until(log, "RunQueued", 1)
            runner = tasks.create_task(end_runs(log))
            rows = await until(log, "RunCompleted", 2)
        runner.cancel()
    waited = next(row for row in rows if row.stream == run_stream(named("t 1")))
    requested = next(r for r in rows if r.stream == waited.stream and r.type == "RunRequested")
    first_end = next(row for row in rows if row.type == "RunCompleted")
    assert requested.causation == first_end.id
    assert requested.correlation == waited.correlation
    assert requested.correlation != first_end.correlation
    assert isinstance(waited.event, RunQueued)
    assert waited.event.waits_for == ("user",)


async def test_the_log_says_who_decides_and_by_which_limits() -> None:
    log = MemoryLog()
    await Schedules(log).create("s")
    async with leading(log, epoch=1):
        pass
    row = log.rows[-1]
    assert isinstance(row.event, DispatcherStarted)
    assert row.event.limits == RULES.limits
    assert row.event.inventory == INVENTORY
    assert row.decoded().afterposition == 1


async def test_what_came_while_nobody_led_is_answered_at_the_start() -> None:
    log = MemoryLog()
    schedules = Schedules(log)
    await schedules.create("s")
    await schedules.fire("s")
    async with leading(log):
        rows = await until(log, "RunRequested", 1)
    started = rows[2]
    assert started.type == "DispatcherStarted"
    assert rows[3].causation == started.id


async def test_a_second_leader_goes_on_where_the_first_stopped() -> None:
    log = MemoryLog()
    schedules = Schedules(log)
    await schedules.create("s")
    for epoch in (1, 2, 3):
        async with leading(log, epoch):
            await schedules.fire("s")
            await until(log, "RunSkipped" if epoch > 1 else "RunRequested", max(1, epoch - 1))
    assert all(len(answers) == 1 for answers in first_answers(await events(log)).values())


async def test_a_standby_that_has_read_beyond_the_lease_answers_what_it_read() -> None:
    log, fold = MemoryLog(), Fold()
    schedules = Schedules(log)
    await schedules.create("s")
    lease = Lease("dispatcher", 1, "tests", len(log.rows))
    await schedules.fire("s")
    fold.add(log.rows)
    async with asyncio.TaskGroup() as tasks:
        leading = tasks.create_task(dispatch(log, None, lease, RULES, fold))
        await until(log, "RunRequested", 1)
        leading.cancel()
    started = log.rows[2].decoded()
    assert (started.type, started.afterposition) == ("DispatcherStarted", 2)
    assert (await redecide(log, admission)).decisions == {"identical": 1}


async def test_a_standby_keeps_up_with_the_log() -> None:
    log, fold = MemoryLog(), Fold()
    schedules = Schedules(log)
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(10):
        standing_by = tasks.create_task(stand_by(log, None, fold))
        await schedules.create("s")
        run_id = await schedules.fire("s")
        while fold.position < len(log.rows):  # noqa: ASYNC110 - a fold tells nobody how far it is
            await asyncio.sleep(0)
        standing_by.cancel()
    assert list(fold.state.due) == [run_id]


async def test_an_answer_the_log_refuses_ends_the_loop() -> None:
    log = MemoryLog()
    schedules = Schedules(log)
    await schedules.create("s")
    await schedules.fire("s")
    stray = RunStarted(run_id=named("s 0"), attempt=1, runner="nobody asked")
    await log.append(
        append_of(run_stream(stray.run_id), 0, [stray], cause("stray", "eve", stray.run_id))
    )
    with pytest.raises(Refused, match="conflict at version 1"):
        await lead(log, 1)
