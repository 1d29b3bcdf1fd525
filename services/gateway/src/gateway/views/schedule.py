"""What a schedule looks like after each of its events."""

from dataclasses import replace
from datetime import datetime

from contracts.actions import Agent
from contracts.events.schedule import (
    Definition,
    OccurrencesMissed,
    ScheduleCreated,
    ScheduleDeleted,
    ScheduleEvent,
    ScheduleToggled,
    ScheduleTriggered,
    ScheduleUpdated,
)
from eventlog.store import Row
from gateway.views.rows import ScheduleRow


def created(row: Row, event: ScheduleCreated) -> ScheduleRow:
    definition = event.definition
    return ScheduleRow(
        schedule_id=event.schedule_id,
        owner=row.owner or "",
        position=row.position,
        name=definition.name,
        kind=definition.action.kind,
        agent_name=_agent(definition),
        enabled=event.enabled,
        definition=definition.model_dump_json(),
        next_run=event.next if event.enabled else None,
        created_at=row.recorded_at,
        updated_at=row.recorded_at,
    )


def evolve(before: ScheduleRow, at: datetime, event: ScheduleEvent) -> ScheduleRow | None:
    """`before` with a later event applied; null when the schedule is gone."""
    match event:
        case ScheduleCreated():
            return before
        case ScheduleUpdated():
            return replace(
                before,
                name=event.definition.name,
                kind=event.definition.action.kind,
                agent_name=_agent(event.definition),
                definition=event.definition.model_dump_json(),
                next_run=event.next,
                updated_at=at,
            )
        case ScheduleToggled():
            return replace(before, enabled=event.enabled, next_run=event.next, updated_at=at)
        case ScheduleTriggered() | OccurrencesMissed():
            return replace(before, next_run=event.next)
        case ScheduleDeleted():
            return None


def _agent(definition: Definition) -> str | None:
    return definition.action.agent_name if isinstance(definition.action, Agent) else None
