"""The process manager: each trigger gets one answer, and a run that waits starts when it may.

Limits and inventory come from DispatcherStarted, so the log alone repeats every decision. The
state is changed in place and belongs to one loop.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias
from uuid import UUID

from contracts.actions import Resolved
from contracts.events import Event
from contracts.events.run import (
    CallCompleted,
    RunCancelled,
    RunCancelRequested,
    RunCompleted,
    RunInterrupted,
    RunQueued,
    RunRequested,
    RunSkipped,
    RunStarted,
    SkipReason,
)
from contracts.events.schedule import (
    OccurrencesMissed,
    ScheduleCreated,
    ScheduleDeleted,
    ScheduleToggled,
    ScheduleTriggered,
    ScheduleUpdated,
)
from contracts.events.system import DispatcherStarted
from contracts.events.user import UserLoggedIn, UserRegistered
from contracts.ids import run_stream, system_stream
from contracts.inventory import Unresolvable
from dispatcher_svc.limits import named, places_of
from dispatcher_svc.overlap import in_way
from dispatcher_svc.state import Admission, Due
from eventlog.process import Decision, Recorded

VERSION: Final = 1
STREAM: Final = system_stream("dispatcher")
HANDLER: Final = "dispatch"
DECISIONS: Final = frozenset({"RunRequested", "RunQueued", "RunSkipped"})
INPUTS: Final = frozenset(
    {
        "ScheduleCreated",
        "ScheduleUpdated",
        "ScheduleToggled",
        "ScheduleTriggered",
        "ScheduleDeleted",
        "RunCompleted",
        "RunCancelled",
        "RunInterrupted",
    }
)

Answer: TypeAlias = RunRequested | RunQueued | RunSkipped

DETAILS: Final[dict[SkipReason, str]] = {
    "overlap": "A run of this schedule is still going",
    "disabled": "The schedule was disabled",
    "deleted": "The schedule was deleted",
}


def initial() -> Admission:
    return Admission()


def begins(event: Event) -> int | None:
    """The decider version that decides from here on, where the event says so."""
    return event.decider_version if isinstance(event, DispatcherStarted) else None


def evolve(state: Admission, recorded: Recorded) -> Admission:
    """`state` after an event of the log: an input, or a decision as it was recorded."""
    event = recorded.event
    match event:
        case DispatcherStarted():
            state.started(event)
        case ScheduleTriggered():
            state.triggered(recorded, event)
        case ScheduleCreated() | ScheduleUpdated() | ScheduleToggled() | ScheduleDeleted():
            _schedule(state, recorded, event)
        case RunRequested() | RunQueued() | RunSkipped():
            _enter(state, recorded.owner, event)
        case RunCompleted() | RunCancelled() | RunInterrupted():
            _ended(state, event)
        case RunStarted() | CallCompleted() | RunCancelRequested():
            pass
        case OccurrencesMissed() | UserRegistered() | UserLoggedIn():
            pass
    return state


def react(state: Admission, recorded: Recorded) -> list[Decision]:
    """What an input just folded asks for, entered in the state already."""
    event = recorded.event
    if isinstance(event, ScheduleTriggered):
        due = state.due.get(event.run_id)
        return [_answer(state, due)] if due is not None else []
    if isinstance(event, ScheduleToggled | ScheduleDeleted):
        runs = state.going.of(event.schedule_id)
        return _withdrawn(state, [state.waiting[run] for run in runs if run in state.waiting])
    if isinstance(event, RunCompleted | RunCancelled | RunInterrupted):
        return _admitted(state)
    return []


def resume(state: Admission) -> list[Decision]:
    """What is still owed after a fold: empty after a clean stop, entered in the state already."""
    return [
        *_withdrawn(state, list(state.waiting.values())),
        *_admitted(state),
        *(_answer(state, due) for due in list(state.due.values())),
    ]


def _ended(state: Admission, event: RunCompleted | RunCancelled | RunInterrupted) -> None:
    if not isinstance(event, RunInterrupted) or event.final:
        state.ended(event.run_id)


def _schedule(
    state: Admission,
    recorded: Recorded,
    event: ScheduleCreated | ScheduleUpdated | ScheduleToggled | ScheduleDeleted,
) -> None:
    match event:
        case ScheduleCreated():
            state.defined(event.schedule_id, event.definition, recorded.version, event.enabled)
        case ScheduleUpdated():
            enabled = state.schedules[event.schedule_id].enabled
            state.defined(event.schedule_id, event.definition, recorded.version, enabled)
        case ScheduleToggled():
            state.toggled(event)
        case ScheduleDeleted():
            state.deleted(event)


def _enter(state: Admission, owner: str | None, event: Answer) -> None:
    match event:
        case RunRequested():
            state.requested(owner or "", event)
        case RunQueued():
            state.queued(event)
        case RunSkipped():
            state.skipped(event)


def _decided(state: Admission, due: Due, event: Answer, expected: int) -> Decision:
    _enter(state, due.trigger.owner, event)
    return Decision(run_stream(due.run_id), expected, due.trigger, event)


def _answer(state: Admission, due: Due) -> Decision:
    return _decided(state, due, _first_event(state, due), expected=0)


def _first_event(state: Admission, due: Due) -> Answer:
    """The one answer to a trigger: the first that applies, in this order."""
    if (reason := state.barred(due)) is not None:
        return _skip(due, reason, DETAILS[reason])
    action = state.resolved(due)
    if isinstance(action, Unresolvable):
        return _skip(due, "unresolvable", action.detail)
    schedule_id = due.origin.schedule_id
    rival = in_way("clock" if due.ticked else "manual", schedule_id, state.going)
    if rival is not None:
        return _skip(due, "overlap", DETAILS["overlap"], rival)
    full = state.occupancy.full(places_of(due.owner, schedule_id, action))
    if full:
        waits_for = tuple(named(place) for place in full)
        return RunQueued(run_id=due.run_id, origin=due.origin, waits_for=waits_for)
    return _request(due, action)


def _withdrawn(state: Admission, waiting: Iterable[Due]) -> list[Decision]:
    """The end of those that wait for nothing any more."""
    return [
        _decided(state, due, event, expected=1)
        for due in waiting
        if (event := _withdrawal(state, due)) is not None
    ]


def _withdrawal(state: Admission, due: Due) -> RunSkipped | None:
    if (reason := state.barred(due)) is not None:
        return _skip(due, reason, DETAILS[reason])
    action = state.resolved(due)
    if isinstance(action, Unresolvable):
        return _skip(due, "unresolvable", action.detail)
    return None


def _admitted(state: Admission) -> list[Decision]:
    """Those that waited and now fit, as `fairness` orders them."""
    decisions: list[Decision] = []
    while (run_id := state.queue.next()) is not None:
        due = state.waiting[run_id]
        action = state.resolved(due)
        assert isinstance(action, Resolved)
        decisions.append(_decided(state, due, _request(due, action), expected=1))
    return decisions


def _request(due: Due, action: Resolved) -> RunRequested:
    return RunRequested(run_id=due.run_id, origin=due.origin, action=action)


def _skip(due: Due, reason: SkipReason, detail: str, rival: UUID | None = None) -> RunSkipped:
    return RunSkipped(
        run_id=due.run_id, origin=due.origin, reason=reason, detail=detail, in_way=rival
    )
