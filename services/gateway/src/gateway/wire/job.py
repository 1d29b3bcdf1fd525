"""A run as a process: what the notification list of a client shows."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from contracts.actions import Resolved
from gateway.views.rows import ENDED, RunRow, RunStatus
from gateway.wire.schedule import Shape


class Job(Shape):
    id: UUID
    user_id: str
    job_type: Literal["scheduled_benchmark", "agent", "job"]
    status: RunStatus
    progress_pct: int | None
    progress_detail: str
    params: dict[str, Any]
    result_ref: UUID | None
    result_type: Literal["run"] | None
    error_msg: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    timeout_at: datetime | None
    timeout_seconds: int | None


def job(row: RunRow, calls: int) -> Job:
    """`calls` of its targets have been answered so far; progress is null before they are known."""
    action = Resolved.model_validate_json(row.action) if row.action else None
    timeout = action and action.timeout_seconds
    ended = row.status in ENDED
    return Job(
        id=row.run_id,
        user_id=row.owner,
        job_type="scheduled_benchmark" if row.kind == "benchmark" else row.kind,
        status=row.status,
        progress_pct=100 if ended else action and min(100, 100 * calls // len(action.targets)),
        progress_detail=row.schedule_name,
        params={"schedule_id": str(row.schedule_id), "schedule_name": row.schedule_name},
        result_ref=row.run_id if ended else None,
        result_type="run" if ended else None,
        error_msg=row.error,
        created_at=row.triggered_at,
        started_at=row.started_at,
        completed_at=row.completed_at,
        timeout_at=row.started_at + timedelta(seconds=timeout)
        if row.started_at and timeout
        else None,
        timeout_seconds=timeout,
    )
