"""What an agent did: a view of its runs, so that no activity is written by hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID, uuid5

from gateway.views.rows import ENDED, RunRow, RunStatus
from gateway.wire.run import milliseconds
from gateway.wire.schedule import Shape

ActivityType: TypeAlias = Literal["schedule_start"]
ActivityState: TypeAlias = Literal["started", "completed", "failed"]

STATUSES: Final[dict[ActivityState, list[RunStatus]]] = {
    "completed": ["success"],
    "failed": sorted(ENDED - {"success"}),
    "started": ["pending", "queued", "running"],
}
"""The run statuses that each state stands for."""


class Details(Shape):
    schedule_id: UUID
    schedule_name: str
    cron_expression: str | None
    related_execution_id: UUID | None
    cost_usd: float | None


class Activity(Shape):
    id: UUID
    agent_name: str
    activity_type: ActivityType
    activity_state: ActivityState
    parent_activity_id: UUID | None
    started_at: datetime
    completed_at: datetime | None
    duration_ms: int | None
    user_id: str
    triggered_by: Literal["schedule", "user"]
    related_execution_id: UUID
    details: Details
    error: str | None
    created_at: datetime


class Activities(Shape):
    agent_name: str
    count: int
    activities: Sequence[Activity]


class Timeline(Shape):
    count: int
    activities: Sequence[Activity]


def state_of(status: RunStatus) -> ActivityState:
    return next(state for state, of in STATUSES.items() if status in of)


def activity(run: RunRow, cron: str | None) -> Activity:
    """The `schedule_start` of an agent's run that has started."""
    assert run.started_at is not None
    assert run.agent_name is not None
    state = state_of(run.status)
    return Activity(
        id=uuid5(run.run_id, "schedule_start"),
        agent_name=run.agent_name,
        activity_type="schedule_start",
        activity_state=state,
        parent_activity_id=None,
        started_at=run.started_at,
        completed_at=run.completed_at,
        duration_ms=milliseconds(run.started_at, run.completed_at),
        user_id=run.owner,
        triggered_by="user" if run.triggered_by == "manual" else "schedule",
        related_execution_id=run.run_id,
        details=Details(
            schedule_id=run.schedule_id,
            schedule_name=run.schedule_name,
            cron_expression=cron,
            related_execution_id=None if state == "started" else run.run_id,
            cost_usd=None,
        ),
        error=run.error,
        created_at=run.started_at,
    )
