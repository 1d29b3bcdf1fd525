"""Deliveries and the sweep: each run attended to, each slot given back, nothing taken off early."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from contracts.events.run import RunStarted
from contracts.ids import run_stream
from deliveries import running, until
from eventlog.bus import BusUnavailable
from eventlog.memory import MemoryLog
from eventlog.work import Slots
from onecall import fine
from rawserver import Conversation, serving
from runner_svc.call import Offers
from runner_svc.intake import deliver, jittered, sweep, take
from runner_svc.runner import Runner
from runs import FAST, NOON, inventory, request, run_id, story, tell

RUN = run_id(1)


@dataclass
class Reminder:
    """A delivery that notes what is said of it."""

    stream: str
    said: list[str] = field(default_factory=list[str])
    away: bool = False

    async def ack(self) -> None:
        self._say("ack")

    async def nak(self, delay_s: float) -> None:
        self._say(f"nak {delay_s:g}")

    async def in_progress(self) -> None:
        self._say("in progress")

    def _say(self, what: str) -> None:
        self.said.append(what)
        if self.away:
            raise BusUnavailable


def runner(log: MemoryLog, base_url: str = "http://127.0.0.1:1", *living: str) -> Runner:
    async def alive(instance: str) -> bool:
        return instance in living

    return Runner("bob", log, Offers(inventory(base_url), {}), alive, lambda: NOON)


async def test_a_run_is_acknowledged_when_its_end_is_in_the_log() -> None:
    log, reminder, go = MemoryLog(), Reminder(run_stream(RUN)), asyncio.Event()

    async def answer(talk: Conversation) -> None:
        await go.wait()
        await fine(talk)

    await request(log, RUN, FAST)
    async with serving(answer) as server, running(deliver(reminder, runner(log, server.url), 0.01)):
        await until(lambda: reminder.said.count("in progress") >= 3)
        assert set(reminder.said) == {"in progress"}
        go.set()
        await until(lambda: "ack" in reminder.said)
    assert reminder.said[-1] == "ack"
    assert (await story(log, RUN))[-1] == "RunCompleted"


async def test_a_run_that_another_holds_is_looked_at_again() -> None:
    log, reminder = MemoryLog(), Reminder(run_stream(RUN))
    await request(log, RUN)
    await tell(log, RUN, RunStarted(run_id=RUN, attempt=1, runner="ada"))
    await deliver(reminder, runner(log, "http://h", "ada"), 8)
    assert reminder.said == ["nak 8"]


async def test_what_names_no_run_is_taken_off() -> None:
    reminder = Reminder("run-nonsense")
    await deliver(reminder, runner(MemoryLog()), 8)
    assert reminder.said == ["ack"]


async def test_a_bus_that_is_away_does_not_end_a_run() -> None:
    log, reminder = MemoryLog(), Reminder(run_stream(RUN), away=True)
    await request(log, RUN, FAST)
    async with serving(fine) as server:
        await deliver(reminder, runner(log, server.url), 0.001)
    assert (await story(log, RUN))[-1] == "RunCompleted"


async def test_slots_are_taken_and_given_back() -> None:
    log, slots = MemoryLog(), Slots(2)
    reminders = [Reminder(run_stream(run_id(n))) for n in range(6)]

    async def deliveries() -> AsyncGenerator[Reminder]:
        for reminder in reminders:
            await until(slots.take)
            yield reminder

    for n in range(6):
        await request(log, run_id(n), FAST)
    async with serving(fine) as server, asyncio.TaskGroup() as runs:
        await take(deliveries(), runner(log, server.url), slots, 1.0, runs)
    assert [reminder.said for reminder in reminders] == [["ack"]] * 6
    assert slots.free == 2


async def test_the_sweep_takes_what_it_has_room_for() -> None:
    log, slots, go = MemoryLog(), Slots(2), asyncio.Event()
    ids = [run_id(n) for n in range(3)]

    async def answer(talk: Conversation) -> None:
        await go.wait()
        await fine(talk)

    async def overdue() -> Sequence[UUID]:
        return [each for each in ids if "RunCompleted" not in await story(log, each)]

    for each in ids:
        await request(log, each, FAST)
    async with serving(answer) as server, asyncio.TaskGroup() as runs:
        swept = runner(log, server.url)
        sweeping = runs.create_task(sweep(overdue, swept, slots, 0.01, runs))
        await until(lambda: len(server.asked) == 2)
        assert slots.free == 0
        go.set()
        await until(lambda: len(server.asked) == 3 and slots.free == 2)
        sweeping.cancel()
    assert [(await story(log, each))[-1] for each in ids] == ["RunCompleted"] * 3


def test_sweeps_of_several_runners_do_not_meet() -> None:
    pauses = {jittered(60, f"host:{n}") for n in range(50)}
    assert all(60 <= pause <= 66 for pause in pauses)
    assert len(pauses) > 30
    assert jittered(60, "a") == jittered(60, "a")
