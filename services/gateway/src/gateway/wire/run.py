"""A run, its calls and its place in a schedule's history, as clients read them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from contracts.actions import Resolved, Target
from contracts.samples import ToolCall
from gateway.views.rows import STATUSES, CallRow, Kind, RunRow, RunStatus
from gateway.wire.result import Result, latest, result
from gateway.wire.schedule import Shape

Outcome: TypeAlias = Literal["succeeded", "partial", "failed", "timed_out"]
State: TypeAlias = Literal["started", "finished", "failed"]

OUTCOMES: Final[dict[RunStatus, Outcome]] = {
    "success": "succeeded",
    "partial": "partial",
    "failed": "failed",
    "timed_out": "timed_out",
}
SYNONYMS: Final[dict[str, RunStatus]] = {
    **{status: status for status in STATUSES},
    **dict.fromkeys(("done", "completed", "finished"), "success"),
    "started": "running",
    "error": "failed",
    "timeout": "timed_out",
}
"""The words that a filter understands."""


class Origin(Shape):
    source: Literal["schedule"] = "schedule"
    schedule_id: UUID
    schedule_name: str


class Run(Shape):
    """A run from its trigger to its end; times are null until they are reached."""

    id: UUID
    run_id: UUID
    execution_id: UUID
    schedule_id: UUID
    schedule_name: str
    owner: str
    kind: Kind
    agent_name: str | None
    status: RunStatus
    triggered_by: Literal["schedule", "manual"]
    scheduled_for: datetime
    created_at: datetime
    queued_at: datetime | None
    requested_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    duration_ms: int | None
    attempt: int | None
    waits_for: tuple[str, ...]
    reason: str | None
    error: str | None
    in_way: UUID | None
    prompt: str | None
    targets: tuple[Target, ...]
    max_tokens: int | None
    temperature: float | None
    timeout_seconds: int | None
    metadata: Origin
    results: Sequence[Result]


class Answer(Shape):
    """What a target answered, where the content is kept."""

    call_id: UUID
    response: str | None
    tool_calls: tuple[ToolCall, ...]
    context_used: int | None
    context_max: int | None


class RunDetail(Run):
    """One run with the texts that came back."""

    answers: Sequence[Answer]


class Runs(Shape):
    runs: Sequence[Run]
    count: int
    next_cursor: str | None


class Executions(Shape):
    executions: Sequence[Run]
    count: int
    next_cursor: str | None


class HistoryItem(Shape):
    id: UUID
    run_id: UUID
    status: RunStatus
    state: State
    started_at: datetime | None
    finished_at: datetime | None
    error_summary: str | None


class HistoryItems(Shape):
    items: Sequence[HistoryItem]
    count: int
    next_cursor: str | None


class Triggered(Shape):
    """A run was asked for; it goes its own way from here."""

    status: Literal["triggered"] = "triggered"
    message: str
    schedule_id: UUID
    run_id: UUID
    execution_id: UUID


def shown(row: RunRow, calls: Iterable[CallRow]) -> Run:
    """What clients read of a run."""
    action = Resolved.model_validate_json(row.action) if row.action else None
    return Run(
        id=row.run_id,
        run_id=row.run_id,
        execution_id=row.run_id,
        schedule_id=row.schedule_id,
        schedule_name=row.schedule_name,
        owner=row.owner,
        kind=row.kind,
        agent_name=row.agent_name,
        status=row.status,
        triggered_by=row.triggered_by,
        scheduled_for=row.nominal,
        created_at=row.triggered_at,
        queued_at=row.queued_at,
        requested_at=row.requested_at,
        started_at=row.started_at,
        completed_at=row.completed_at,
        duration_ms=milliseconds(row.started_at, row.completed_at),
        attempt=row.attempt,
        waits_for=tuple(row.waits_for.split(",")) if row.waits_for else (),
        reason=row.reason,
        error=row.error,
        in_way=row.in_way,
        prompt=action and action.text,
        targets=action.targets if action else (),
        max_tokens=action and action.max_tokens,
        temperature=action and action.temperature,
        timeout_seconds=action and action.timeout_seconds,
        metadata=Origin(schedule_id=row.schedule_id, schedule_name=row.schedule_name),
        results=tuple(result(call, attempt) for call, attempt in latest(calls)),
    )


def detailed(row: RunRow, calls: Sequence[CallRow]) -> RunDetail:
    answers = tuple(
        Answer(
            call_id=call.call_id,
            response=call.response,
            tool_calls=call.tool_calls,
            context_used=call.context_used,
            context_max=call.context_max,
        )
        for call, _ in latest(calls)
    )
    return RunDetail.model_construct(answers=answers, **dict(shown(row, calls)))


def milliseconds(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else round((end - start).total_seconds() * 1000)


def history_item(row: RunRow) -> HistoryItem:
    """A run in the short form of a schedule's history."""
    ended: State = "finished" if row.status == "success" else "failed"
    return HistoryItem(
        id=row.run_id,
        run_id=row.run_id,
        status="failed" if row.status == "partial" else row.status,
        state=ended if row.completed_at else "started",
        started_at=row.started_at,
        finished_at=row.completed_at,
        error_summary=row.error and row.error[:500],
    )
