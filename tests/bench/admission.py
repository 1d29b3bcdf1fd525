"""How fast runs are admitted while many wait, and how fast a recorded log is decided again."""

import time
from datetime import UTC, datetime
from uuid import UUID

from tests.admissions import created, ended, named, started, triggered
from tests.bench.table import Measured

from contracts.events import Event
from contracts.events.run import RunRequested, RunStarted
from contracts.ids import run_stream, schedule_stream
from dispatcher_svc import admission
from dispatcher_svc.state import Admission
from eventlog.audit.redecide import redecide
from eventlog.execute import Cause, append_of
from eventlog.memory import MemoryLog
from eventlog.process import Decision, Recorded, decision_key, recorded

USERS, SCHEDULES, ROUNDS, RUNS = 1000, 10_100, 20_000, 12_000
AT = datetime(2026, 3, 29, 12, tzinfo=UTC)


async def measure() -> list[Measured]:
    return [_admitted(), await _decided_again()]


def _admitted() -> Measured:
    """Each round ends a run and fires a schedule, so that as many wait afterwards as before."""
    state, fires = admission.initial(), [_fire(n) for n in range(SCHEDULES + ROUNDS)]
    admission.evolve(state, _input(started(instance=100, per_provider=100), ""))
    going: list[Decision] = []
    for n, fire in enumerate(fires[:SCHEDULES]):
        admission.evolve(state, _input(created(f"s{n}"), _owner(n)))
        going += _requests(_reacted(state, fire))
    began, decided = time.perf_counter(), 0
    for fire in fires[SCHEDULES:]:
        over = going.pop()
        answers = [*_reacted(state, _end(over)), *_reacted(state, fire)]
        going += _requests(answers)
        decided += len(answers)
    ours = decided / (time.perf_counter() - began)
    bare = _folded(fires)
    note = f"{len(state.waiting):,} waiting of {USERS:,} users"
    return Measured(
        "admission", ">= 20,000 decisions/s", ours, "bare fold of ticks", bare, ours / bare, note
    )


def _requests(decisions: list[Decision]) -> list[Decision]:
    return [each for each in decisions if isinstance(each.event, RunRequested)]


def _owner(n: int) -> str:
    return f"user{n % USERS}"


def _input(event: Event, owner: str, position: int = 0) -> Recorded:
    id = UUID(int=position)
    return Recorded(position, id, owner, id, None, 1, event)


def _fire(n: int) -> Recorded:
    schedule = n % SCHEDULES
    return _input(triggered(f"s{schedule}", f"run {n}", "manual"), _owner(schedule), n)


def _end(decision: Decision) -> Recorded:
    assert isinstance(decision.event, RunRequested)
    return _input(ended(decision.event.run_id), decision.about.owner or "")


def _reacted(state: Admission, input: Recorded) -> list[Decision]:
    admission.evolve(state, input)
    return admission.react(state, input)


def _folded(inputs: list[Recorded]) -> float:
    """The same ticks folded and none answered, per second."""
    state, began = admission.initial(), time.perf_counter()
    for input in inputs:
        admission.evolve(state, input)
    return len(inputs) / (time.perf_counter() - began)


async def _decided_again() -> Measured:
    log = MemoryLog()
    await _Life(log).run()
    began = time.perf_counter()
    verdict = await redecide(log, admission)
    ours = len(log.rows) / (time.perf_counter() - began)
    assert verdict.good
    began = time.perf_counter()
    for row in log.rows:
        row.decoded()
    bare = len(log.rows) / (time.perf_counter() - began)
    note = f"{len(log.rows):,} events, {verdict.decisions['identical']:,} of them decisions"
    return Measured("redecide", ">= 50,000 events/s", ours, "bare decode", bare, ours / bare, note)


class _Life:
    """Ticks, answers, starts and ends of 500 schedules, one after the other."""

    def __init__(self, log: MemoryLog) -> None:
        self._log, self._state = log, admission.initial()

    async def run(self) -> None:
        rules = started(instance=50, per_provider=50)
        first = await self._append(admission.STREAM, 0, rules, None, "dispatch:epoch:1")
        admission.evolve(self._state, first)
        for n in range(500):
            stream, owner = schedule_stream(named(f"s{n}")), f"user{n}"
            defined = await self._append(stream, 0, created(f"s{n}"), owner)
            admission.evolve(self._state, defined)
            for version in range(1, 1 + RUNS // 500):
                tick = triggered(f"s{n}", f"run {n} {version}")
                await self._answer(await self._append(stream, version, tick, owner))

    async def _answer(self, input: Recorded) -> None:
        for n, decision in enumerate(_reacted(self._state, input)):
            key, owner = decision_key(admission.HANDLER, input.id, n), decision.about.owner
            await self._append(decision.stream, decision.expected, decision.event, owner, key)
            await self._execute(named_run(decision), decision.expected, owner)

    async def _execute(self, run_id: UUID, version: int, owner: str | None) -> None:
        stream = run_stream(run_id)
        claim = RunStarted(run_id=run_id, attempt=1, runner="bench")
        await self._append(stream, version + 1, claim, owner)
        await self._answer(await self._append(stream, version + 2, ended(run_id), owner))

    async def _append(
        self, stream: str, version: int, event: Event, owner: str | None, key: str = ""
    ) -> Recorded:
        why = Cause(
            key=key or f"{stream}:{version}",
            source="/bench",
            actor="service:bench",
            time=AT,
            correlation=UUID(int=1),
            owner=owner,
            afterposition=len(self._log.rows),
        )
        answer = await self._log.append(append_of(stream, version, [event], why))
        assert answer.status == "ok"
        return recorded(self._log.rows[-1])


def named_run(decision: Decision) -> UUID:
    assert isinstance(decision.event, RunRequested)
    return decision.event.run_id
