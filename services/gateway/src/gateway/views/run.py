"""What a run looks like after each of its events, from the trigger that caused it."""

from dataclasses import replace
from datetime import datetime
from typing import Final

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
from contracts.events.schedule import ScheduleTriggered
from eventlog.store import Row
from gateway.views.rows import RunRow, RunStatus, ScheduleRow

STATUS_OF: Final[dict[Outcome, RunStatus]] = {
    "succeeded": "success",
    "partial": "partial",
    "failed": "failed",
    "timed_out": "timed_out",
}


def triggered(row: Row, event: ScheduleTriggered, schedule: ScheduleRow) -> RunRow:
    """The run that a firing announces: pending until it is decided on."""
    return RunRow(
        run_id=event.run_id,
        owner=schedule.owner,
        position=row.position,
        schedule_id=event.schedule_id,
        schedule_name=schedule.name,
        kind=schedule.kind,
        agent_name=schedule.agent_name,
        triggered_by="manual" if event.cause == "manual" else "schedule",
        nominal=event.nominal,
        triggered_at=row.recorded_at if event.late else event.due,
        status="pending",
    )


def announced(row: Row, event: RunQueued | RunRequested | RunSkipped) -> RunRow:
    """A run whose trigger this read model did not see: as its first event tells it."""
    origin = event.origin
    return RunRow(
        run_id=event.run_id,
        owner=row.owner or "",
        position=row.position,
        schedule_id=origin.schedule_id,
        schedule_name=origin.schedule_name,
        kind=event.action.kind if isinstance(event, RunRequested) else "benchmark",
        agent_name=None,
        triggered_by=origin.triggered_by,
        nominal=origin.nominal,
        triggered_at=row.recorded_at,
        status="pending",
    )


def evolve(run: RunRow, at: datetime, event: RunEvent) -> RunRow:
    """`run` with one more event applied; `at` is when the log recorded it."""
    match event:
        case RunQueued():
            return replace(run, status="queued", queued_at=at, waits_for=",".join(event.waits_for))
        case RunRequested():
            return _requested(run, at, event)
        case RunSkipped():
            return _skipped(run, at, event)
        case RunCancelRequested() | CallCompleted():
            return run
        case RunStarted():
            return _started(run, at, event)
        case RunCompleted() | RunCancelled() | RunInterrupted():
            return _left(run, at, event)


def _started(run: RunRow, at: datetime, event: RunStarted) -> RunRow:
    """`started_at` is that of the first attempt."""
    return replace(
        run,
        status="running",
        started_at=run.started_at or at,
        attempt=event.attempt,
        waits_for=None,
    )


def _requested(run: RunRow, at: datetime, event: RunRequested) -> RunRow:
    return replace(
        run,
        status="pending",
        requested_at=at,
        waits_for=None,
        kind=event.action.kind,
        agent_name=event.action.agent_name,
        action=event.action.model_dump_json(),
    )


def _skipped(run: RunRow, at: datetime, event: RunSkipped) -> RunRow:
    """Only what found the run gone, overlapped or switched off leaves no run behind."""
    match event.reason:
        case "unresolvable":
            ended = _ended(run, at, "failed", event.detail)
        case "cancelled":
            ended = _ended(run, at, "cancelled", event.detail)
        case "overlap" | "disabled" | "deleted":
            ended = replace(_ended(run, at, "skipped", event.detail), skipped=True)
    return replace(ended, reason=event.reason, in_way=event.in_way)


def _left(run: RunRow, at: datetime, event: RunCompleted | RunCancelled | RunInterrupted) -> RunRow:
    """The end, or a pause until the next attempt."""
    match event:
        case RunCompleted():
            return _ended(run, at, STATUS_OF[event.outcome], event.error)
        case RunCancelled():
            return _ended(run, at, "cancelled", event.reason)
        case RunInterrupted() if event.final:
            return _ended(run, at, "interrupted", event.reason)
        case RunInterrupted():
            return replace(run, status="queued", waits_for="attempt")


def _ended(run: RunRow, at: datetime, status: RunStatus, error: str | None) -> RunRow:
    return replace(run, status=status, completed_at=at, error=storable(error), waits_for=None)


def storable(text: str | None) -> str | None:
    """PostgreSQL's text holds no NUL, which a provider's error may contain."""
    return text and text.replace("\x00", "\ufffd")
