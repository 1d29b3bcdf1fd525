"""One run: who may claim it, what its calls came to, how it ends.

A redelivery decides nothing. An attempt belongs to the runner instance its RunStarted names; what
another says of it is refused, so a runner that was paused and taken for dead changes nothing.
"""

from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias
from uuid import UUID, uuid5

from contracts.actions import Resolved, Target
from contracts.events.run import (
    CallCompleted,
    Outcome,
    RunCancelled,
    RunCancelRequested,
    RunCompleted,
    RunEvent,
    RunInterrupted,
    RunQueued,
    RunRequested,
    RunSkipped,
    RunStarted,
)
from contracts.samples import Call

ENDS: Final = frozenset({"RunCompleted", "RunCancelled", "RunSkipped"})
"""Types that end a run; a final RunInterrupted does too."""


class NotThisAttempt(Exception):
    """Another start of this run counts, or none does."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing was asked yet."""


@dataclass(frozen=True, slots=True)
class Queued:
    """Waits for the dispatcher."""

    cancel: str | None = None


@dataclass(frozen=True, slots=True)
class Requested:
    """Nobody works on it: `attempt` is the last one that ended, 0 at first."""

    run_id: UUID
    action: Resolved
    cancel: str | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Running:
    """Attempt `attempt` is that of `runner`; `calls` are those of this attempt that ended."""

    run_id: UUID
    action: Resolved
    attempt: int
    runner: str
    cancel: str | None = None
    calls: tuple[Call, ...] = field(default=())

    @property
    def owed(self) -> tuple[Target, ...]:
        """The targets without a call, in the action's order."""
        called = {named(call.target) for call in self.calls}
        return tuple(each for each in self.action.targets if named(each) not in called)


@dataclass(frozen=True, slots=True)
class Finished:
    """For good."""


State: TypeAlias = Missing | Queued | Requested | Running | Finished


@dataclass(frozen=True, slots=True)
class StartRun:
    runner: str


@dataclass(frozen=True, slots=True)
class RecordCall:
    runner: str
    attempt: int
    call: Call


@dataclass(frozen=True, slots=True)
class CompleteRun:
    runner: str
    attempt: int


@dataclass(frozen=True, slots=True)
class CancelRun:
    """Ends what nobody works on; a running attempt ends with CompleteRun."""

    reason: str


@dataclass(frozen=True, slots=True)
class InterruptRun:
    """The attempt is lost, if `runner` still holds it."""

    runner: str
    attempt: int
    reason: str


Command: TypeAlias = StartRun | RecordCall | CompleteRun | CancelRun | InterruptRun


def initial() -> State:
    return Missing()


def evolve(state: State, event: RunEvent) -> State:
    match event:
        case RunRequested():
            cancel = state.cancel if isinstance(state, Queued) else None
            return Requested(event.run_id, event.action, cancel)
        case RunQueued():
            return Queued()
        case RunCancelRequested():
            asked = isinstance(state, Queued | Requested | Running)
            return replace(state, cancel=event.reason) if asked else state
        case RunStarted():
            return _started(state, event)
        case CallCompleted():
            known = isinstance(state, Running)
            return replace(state, calls=(*state.calls, event.call)) if known else state
        case RunInterrupted():
            return _interrupted(state, event)
        case RunCompleted() | RunCancelled() | RunSkipped():
            return Finished()


def _started(state: State, event: RunStarted) -> State:
    if not isinstance(state, Requested):
        return state
    return Running(state.run_id, state.action, event.attempt, event.runner, state.cancel)


def _interrupted(state: State, event: RunInterrupted) -> State:
    if event.final:
        return Finished()
    if not isinstance(state, Running):
        return state
    return Requested(state.run_id, state.action, state.cancel, state.attempt)


def decide(command: Command, state: State) -> list[RunEvent]:
    """Raises NotThisAttempt for what a runner says of an attempt that is not its own."""
    match command:
        case StartRun():
            return _start(command, state)
        case RecordCall():
            return _record(command, state)
        case CompleteRun():
            return _complete(command, state)
        case CancelRun():
            waits = isinstance(state, Requested)
            return [RunCancelled(run_id=state.run_id, reason=command.reason)] if waits else []
        case InterruptRun():
            return _interrupt(command, state)


def _start(command: StartRun, state: State) -> list[RunEvent]:
    if not isinstance(state, Requested):
        return []
    if state.cancel is not None:
        return [RunCancelled(run_id=state.run_id, reason=state.cancel)]
    return [
        RunStarted(run_id=state.run_id, attempt=state.attempt + 1, runner=command.runner),
    ]


def _record(command: RecordCall, state: State) -> list[RunEvent]:
    if isinstance(state, Finished):
        return []
    state = _held(command, state)
    if command.call.call_id in {call.call_id for call in state.calls}:
        return []
    return [CallCompleted(run_id=state.run_id, attempt=state.attempt, call=command.call)]


def _complete(command: CompleteRun, state: State) -> list[RunEvent]:
    if isinstance(state, Finished):
        return []
    state = _held(command, state)
    broken_off = state.owed or any(call.status == "cancelled" for call in state.calls)
    if state.cancel is not None and broken_off:
        return [RunCancelled(run_id=state.run_id, reason=state.cancel)]
    if state.owed:
        raise NotThisAttempt
    return [
        RunCompleted(
            run_id=state.run_id,
            attempt=state.attempt,
            outcome=outcome(state.calls),
            error=first_error(state.calls),
        )
    ]


def _interrupt(command: InterruptRun, state: State) -> list[RunEvent]:
    if not isinstance(state, Running):
        return []
    if (state.runner, state.attempt) != (command.runner, command.attempt):
        return []
    return [
        RunInterrupted(
            run_id=state.run_id,
            attempt=state.attempt,
            runner=state.runner,
            reason=command.reason,
            owed=tuple(named(target) for target in state.owed),
            final=True,
        )
    ]


def _held(command: RecordCall | CompleteRun, state: State) -> Running:
    if not isinstance(state, Running):
        raise NotThisAttempt
    if (state.runner, state.attempt) != (command.runner, command.attempt):
        raise NotThisAttempt
    return state


def outcome(calls: tuple[Call, ...]) -> Outcome:
    """All answered, some, none because of time, or none."""
    answered = [call for call in calls if call.answered]
    if answered:
        return "succeeded" if len(answered) == len(calls) else "partial"
    late = [call for call in calls if call.status.startswith("timeout_")]
    return "timed_out" if calls and len(late) == len(calls) else "failed"


def first_error(calls: tuple[Call, ...]) -> str | None:
    """What failed first, in words."""
    return next((call.error.message for call in calls if call.error is not None), None)


def named(target: Target) -> str:
    return f"{target.provider}/{target.model}"


def call_id(run_id: UUID, attempt: int, target: Target) -> UUID:
    """The same call has the same id, whoever makes it."""
    return uuid5(run_id, f"{attempt}/{named(target)}")
