"""A schedule as every route shows it: all names of all sources, those of another kind null."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.actions import Action, Agent, Benchmark, Job
from contracts.events.schedule import Definition
from contracts.inventory import Inventory
from contracts.specs import Cron, Every, Spec
from gateway.views.rows import Last, RunStatus, ScheduleRow
from gateway.wire.timing import ScheduleType, Unit, largest_unit, schedule_type, whole


class Shape(BaseModel):
    """A response body."""

    model_config = ConfigDict(frozen=True)


class JobName(Shape):
    key: str
    display_name: str | None


class DirectiveSummary(Shape):
    id: str
    display_name: str | None
    summary: str | None


class Schedule(Shape):
    id: UUID
    schedule_id: UUID
    name: str
    description: str | None
    enabled: bool
    kind: Literal["benchmark", "agent", "job"]
    owner: str
    user_id: str
    prompt: str | None
    message: str | None
    command_text: str | None
    custom_directive_text: str | None
    models: tuple[str, ...] | None
    max_tokens: int | None
    temperature: float | None
    agent_name: str | None
    agent_id: str | None
    agent_nickname: str | None
    job_key: str | None
    job: JobName | None
    directive_id: str | None
    directive: DirectiveSummary | None
    timeout_seconds: int | None
    schedule_type: ScheduleType
    interval_hours: int | None
    interval_minutes: int | None
    interval_value: int | None
    interval_unit: Unit | None
    cron_expression: str | None
    cron_expr: str | None
    timezone: str
    last_run: datetime | None
    last_run_at: datetime | None
    last_run_id: UUID | None
    last_run_status: RunStatus | None
    next_run: datetime | None
    next_run_at: datetime | None
    created: datetime
    created_at: datetime
    updated_at: datetime
    action: Action
    spec: Spec


class ScheduleAnswer(Schedule):
    """The whole schedule, and what was done to it: `ok`, `enabled` or `disabled`."""

    status: Literal["ok", "enabled", "disabled"]


class Schedules(Shape):
    schedules: Sequence[Schedule]
    count: int
    next_cursor: str | None


class SlashedSchedules(Schedules):
    """The same list for clients that ask with a trailing slash."""

    results: Sequence[Schedule]
    next: str | None
    previous: str | None


def shown(row: ScheduleRow, last: Last | None, offer: Inventory) -> Schedule:
    """What clients read; display names are those of the present configuration."""
    definition = Definition.model_validate_json(row.definition)
    at, status, run_id = (last.at, last.status, last.run_id) if last else (None, None, None)
    return Schedule(
        id=row.schedule_id,
        schedule_id=row.schedule_id,
        name=definition.name,
        description=definition.description,
        enabled=row.enabled,
        owner=row.owner,
        user_id=row.owner,
        last_run=at,
        last_run_at=at,
        last_run_id=run_id,
        last_run_status=status,
        next_run=row.next_run,
        next_run_at=row.next_run,
        created=row.created_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        **_what(definition.action, offer),
        **_when(definition.spec),
    )


def answered(schedule: Schedule, status: Literal["ok", "enabled", "disabled"]) -> ScheduleAnswer:
    return ScheduleAnswer.model_construct(status=status, **dict(schedule))


def _what(action: Action, offer: Inventory) -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            *("prompt", "message", "command_text", "custom_directive_text", "models"),
            *("max_tokens", "temperature", "agent_name", "agent_id", "agent_nickname"),
            *("job_key", "job", "directive_id", "directive"),
        )
    )
    always = {"kind": action.kind, "action": action, "timeout_seconds": _timeout(action, offer)}
    match action:
        case Benchmark():
            own: dict[str, Any] = {
                "prompt": action.prompt,
                "models": action.models,
                "max_tokens": action.max_tokens,
                "temperature": action.temperature,
            }
        case Agent():
            own = _agent(action, offer)
        case Job():
            own = _job(action, offer)
    return nothing | always | own


def _agent(action: Agent, offer: Inventory) -> dict[str, Any]:
    known = offer.agents.get(action.agent_name)
    return {
        **dict.fromkeys(("prompt", "message", "command_text"), action.message),
        **dict.fromkeys(("agent_name", "agent_id"), action.agent_name),
        "agent_nickname": known and known.display_name,
    }


def _job(action: Job, offer: Inventory) -> dict[str, Any]:
    known = offer.jobs.get(action.job_key)
    name = JobName(key=action.job_key, display_name=known and known.display_name)
    directive = offer.directives.get(action.directive_id or "")
    return {
        **dict.fromkeys(("prompt", "custom_directive_text"), action.custom_directive_text),
        "job_key": action.job_key,
        "job": name,
        "directive_id": action.directive_id,
        "directive": action.directive_id
        and DirectiveSummary(
            id=action.directive_id,
            display_name=directive and directive.display_name,
            summary=directive and (directive.description or directive.text[:200]),
        ),
    }


def _timeout(action: Action, offer: Inventory) -> int:
    """The limit in force, in seconds: the schedule's, else that of what it runs."""
    if action.timeout_seconds is not None:
        return action.timeout_seconds
    match action:
        case Benchmark():
            return 120
        case Agent():
            agent = offer.agents.get(action.agent_name)
            return agent.timeout_seconds if agent else 300
        case Job():
            job = offer.jobs.get(action.job_key)
            return job.timeout_seconds if job else 300


def _when(spec: Spec) -> dict[str, Any]:
    every = spec.every if isinstance(spec, Every) else None
    unit = largest_unit(every) if every else None
    cron = spec.cron if isinstance(spec, Cron) else None
    return {
        "spec": spec,
        "schedule_type": schedule_type(spec),
        "interval_hours": every and whole(every, "hours"),
        "interval_minutes": every and whole(every, "minutes"),
        "interval_value": every and unit and whole(every, unit),
        "interval_unit": unit,
        "cron_expression": cron,
        "cron_expr": cron,
        "timezone": spec.timezone if isinstance(spec, Cron) else "UTC",
    }
