"""A batch of the log's events folded over the rows they touch: pure, so that it can be shown whole.

Load the rows whose ids `touched` names, `fold` each event over them, write what changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

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
from eventlog.store import Row
from gateway.views import run, schedule
from gateway.views.rows import CallRow, RunRow, ScheduleRow


@dataclass(slots=True)
class Folding:
    """The rows in hand. A schedule that is null is gone; `dirty_*` names what has to be written."""

    schedules: dict[UUID, ScheduleRow | None] = field(default_factory=dict)
    runs: dict[UUID, RunRow] = field(default_factory=dict)
    calls: list[CallRow] = field(default_factory=list)
    dirty_schedules: set[UUID] = field(default_factory=set)
    dirty_runs: set[UUID] = field(default_factory=set)


def touched(rows: Iterable[Row], category: str) -> list[UUID]:
    """The ids of the streams of this category that the rows are in."""
    prefix = f"{category}-"
    found = {row.stream for row in rows if row.stream.startswith(prefix)}
    return sorted(UUID(stream.removeprefix(prefix)) for stream in found)


def ours(row: Row) -> bool:
    """Whether an event can change this read model at all."""
    return row.stream.startswith(("schedule-", "run-"))


def fold(into: Folding, row: Row) -> None:
    """Apply one event."""
    event = row.event
    match event:
        case ScheduleCreated():
            _put_schedule(into, event.schedule_id, schedule.created(row, event))
        case ScheduleTriggered():
            _fire(into, row, event)
        case ScheduleUpdated() | ScheduleToggled() | OccurrencesMissed() | ScheduleDeleted():
            _change(into, row, event)
        case RunQueued() | RunRequested() | RunSkipped():
            before = into.runs.get(event.run_id) or run.announced(row, event)
            _put_run(into, run.evolve(before, row.recorded_at, event))
        case RunStarted() | RunCompleted() | RunCancelled() | RunInterrupted():
            _advance(into, row, event)
        case CallCompleted():
            into.calls.append(_call(row, event))
        case RunCancelRequested() | UserRegistered() | UserLoggedIn() | DispatcherStarted():
            return


def _fire(into: Folding, row: Row, event: ScheduleTriggered) -> None:
    if before := into.schedules.get(event.schedule_id):
        _put_run(into, run.triggered(row, event, before))
        _change(into, row, event)


def _advance(
    into: Folding, row: Row, event: RunStarted | RunCompleted | RunCancelled | RunInterrupted
) -> None:
    if before := into.runs.get(event.run_id):
        _put_run(into, run.evolve(before, row.recorded_at, event))


def _change(
    into: Folding,
    row: Row,
    event: ScheduleUpdated
    | ScheduleToggled
    | ScheduleTriggered
    | OccurrencesMissed
    | ScheduleDeleted,
) -> None:
    if before := into.schedules.get(event.schedule_id):
        _put_schedule(into, event.schedule_id, schedule.evolve(before, row.recorded_at, event))


def _put_schedule(into: Folding, schedule_id: UUID, after: ScheduleRow | None) -> None:
    into.schedules[schedule_id] = after
    into.dirty_schedules.add(schedule_id)


def _put_run(into: Folding, after: RunRow) -> None:
    into.runs[after.run_id] = after
    into.dirty_runs.add(after.run_id)


def _call(row: Row, event: CallCompleted) -> CallRow:
    call = event.call
    return CallRow(event.run_id, call.call_id, row.position, event.attempt, call.model_dump_json())
