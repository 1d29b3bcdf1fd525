"""One run, claim to end: started once, each call recorded as it ends, and one last word.

Start is the claim: of all runners that try, the log lets one through. A run somebody else started
is left alone while its runner lives, and ended as interrupted when that one is gone. What ends a
run early (a cancellation, this process stopping) breaks its calls off; the decider finds the word.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, TypeVar
from uuid import UUID

import structlog

from contracts.actions import Target
from contracts.codec import UnknownEvent
from contracts.events.run import RunCompleted, RunEvent
from contracts.ids import run_stream
from contracts.samples import Call
from eventlog.execute import Cause, Done, Folded, append_of, execute, fold
from eventlog.store import ANY, NEW, Log, LogUnavailable, Row
from runner_svc import run
from runner_svc.benchmark import calling
from runner_svc.call import Clock, Offers, call
from runner_svc.exchange import Cancellation
from runner_svc.run import (
    ENDS,
    CompleteRun,
    InterruptRun,
    NotThisAttempt,
    RecordCall,
    Requested,
    Running,
    StartRun,
    call_id,
)

log = structlog.get_logger()

T = TypeVar("T")

Verdict: TypeAlias = Literal["ended", "held"]
"""Nothing is left to do for this run, or another works on it."""

SOURCE: Final = "/runner-svc"
ACTOR: Final = "service:runner-svc"
AGAIN_S: Final = 0.5
"""How long after the log could not be reached a step is tried again, under the same key."""


@dataclass(slots=True)
class Runner:
    """This instance and the runs it holds. `alive` tells whether another instance is."""

    instance: str
    log: Log
    offers: Offers
    alive: Callable[[str], Awaitable[bool]]
    clock: Clock
    held: dict[UUID, Cancellation] = field(default_factory=dict[UUID, Cancellation])
    leaving: bool = False

    async def attend(self, run_id: UUID) -> Verdict:
        """Bring the run to its end, if it is anybody's to take. May last as long as its calls."""
        if run_id in self.held:
            return "held"
        self.held[run_id] = Cancellation()
        try:
            return await self._attend(run_id)
        finally:
            del self.held[run_id]

    def cancel(self, run_id: UUID) -> None:
        """Somebody asked for it; the log has the request, this only makes it quick."""
        if run_id in self.held:
            self.held[run_id].ask()

    def leave(self) -> None:
        """Break off all calls: what is still owed then ends as interrupted."""
        self.leaving = True
        for cancellation in self.held.values():
            cancellation.ask()

    async def _attend(self, run_id: UUID) -> Verdict:
        rows = await _surely(lambda: self.log.stream(run_stream(run_id)))
        try:
            folded = fold(run, Folded(run.initial(), NEW), rows)
        except (UnknownEvent, ValueError) as wrong:
            return await self._unreadable(run_id, rows, wrong)
        match folded.state:
            case Requested() as waiting:
                attempt = _Attempt(self, run_id, rows)
                return await attempt.claim(folded, waiting.attempt + 1)
            case Running() as running:
                return await _Attempt(self, run_id, rows).take_over(folded, running)
            case _:
                return "ended"

    async def _unreadable(self, run_id: UUID, rows: list[Row], wrong: Exception) -> Verdict:
        """A run nobody started and this release cannot read ends as failed; others are left."""
        log.error("run_unreadable", run_id=str(run_id), error=type(wrong).__name__)
        types = {row.type for row in rows}
        if "RunRequested" not in types or types & (ENDS | {"RunStarted", "RunInterrupted"}):
            return "ended"
        why = "unreadable: what was asked for cannot be read by this release"
        failed = RunCompleted(run_id=run_id, attempt=0, outcome="failed", error=why)
        cause = self.cause(run_id, rows[-1], 0, "unreadable")
        await _surely(lambda: self.log.append(append_of(run_stream(run_id), ANY, (failed,), cause)))
        return "ended"

    def cause(self, run_id: UUID, asked: Row, attempt: int, step: str) -> Cause:
        """Why a step is appended; the same step has the same key, whoever takes it."""
        return Cause(
            key=f"run:{run_id}:{attempt}:{step}",
            source=SOURCE,
            actor=ACTOR,
            time=self.clock(),
            correlation=asked.correlation,
            owner=asked.owner,
            causation=asked.id,
        )


class _Attempt:
    """What this runner does about one run."""

    def __init__(self, runner: Runner, run_id: UUID, rows: list[Row]) -> None:
        self._runner, self._run_id = runner, run_id
        self._asked = next(row for row in rows if row.type == "RunRequested")

    async def claim(self, folded: Folded[run.State], attempt: int) -> Verdict:
        if self._runner.leaving:
            return "held"
        start = StartRun(self._runner.instance)
        done = await self._step(start, attempt, "start", folded)
        state = done.folded.state
        if not isinstance(state, Running):
            return "ended"
        if (state.runner, state.attempt) != (self._runner.instance, attempt):
            return "held"
        await self._perform(done.folded, state)
        return "ended"

    async def take_over(self, folded: Folded[run.State], running: Running) -> Verdict:
        """A start of our own that we do not hold is lost, like that of a runner that is gone."""
        ours = running.runner == self._runner.instance
        if not ours and await self._runner.alive(running.runner):
            return "held"
        await self._interrupt(folded, running, "the runner was lost")
        return "ended"

    async def _perform(self, known: Folded[run.State], running: Running) -> None:
        log.info("run_started", run_id=str(self._run_id), attempt=running.attempt)
        try:
            async with calling(running.action.targets, self._caller(running)) as calls:
                async for each in calls:
                    if not self._is_left(each):
                        known = await self._record(known, running, each)
            await self._end(known, running)
        except* NotThisAttempt:
            log.warning("attempt_taken_over", run_id=str(self._run_id), attempt=running.attempt)

    def _caller(self, running: Running) -> Callable[[Target], Awaitable[Call]]:
        runner = self._runner
        cancellation = runner.held[self._run_id]

        async def one(target: Target) -> Call:
            id_ = call_id(self._run_id, running.attempt, target)
            return await call(
                id_, target, running.action, runner.offers, cancellation, runner.clock
            )

        return one

    def _is_left(self, ended: Call) -> bool:
        """Broken off because we leave: owed, not answered."""
        return self._runner.leaving and ended.status == "cancelled"

    async def _record(
        self, known: Folded[run.State], running: Running, ended: Call
    ) -> Folded[run.State]:
        record = RecordCall(running.runner, running.attempt, ended)
        done = await self._step(record, running.attempt, f"call:{ended.call_id}", known)
        state = done.folded.state
        if not isinstance(state, Running) or state.cancel is not None:
            self._runner.cancel(self._run_id)
        return done.folded

    async def _end(self, known: Folded[run.State], running: Running) -> None:
        state = known.state
        if self._runner.leaving and isinstance(state, Running) and state.owed:
            return await self._interrupt(known, running, "shutdown")
        complete = CompleteRun(running.runner, running.attempt)
        done = await self._step(complete, running.attempt, "complete", known)
        log.info("run_ended", run_id=str(self._run_id), types=[each.type for each in done.events])
        return None

    async def _interrupt(self, known: Folded[run.State], running: Running, why: str) -> None:
        interrupt = InterruptRun(running.runner, running.attempt, why)
        await self._step(interrupt, running.attempt, "interrupt", known)
        log.warning("run_interrupted", run_id=str(self._run_id), runner=running.runner, reason=why)

    async def _step(
        self, command: run.Command, attempt: int, step: str, known: Folded[run.State]
    ) -> Done[run.State, RunEvent]:
        cause = self._runner.cause(self._run_id, self._asked, attempt, step)
        stream = run_stream(self._run_id)
        return await _surely(lambda: execute(self._runner.log, run, stream, command, cause, known))


async def _surely(step: Callable[[], Awaitable[T]]) -> T:
    """An outage of the log delays a run, it does not end it."""
    while True:
        try:
            return await step()
        except LogUnavailable:
            log.warning("log_unavailable")
            await asyncio.sleep(AGAIN_S)
