"""What a schedule's events make of it. Pure.

`next` is the cursor: the first nominal instant without an answer. It only grows.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

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

Change: TypeAlias = ScheduleUpdated | ScheduleToggled | ScheduleTriggered | OccurrencesMissed


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing has happened yet."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """Gone for good."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`version` counts its events; `spec_version` is that of the event which set the spec."""

    schedule_id: UUID
    definition: Definition
    enabled: bool
    next: datetime | None
    epoch: datetime
    version: int
    spec_version: int


State: TypeAlias = Missing | Schedule | Deleted


def initial() -> State:
    return Missing()


def evolve(state: State, event: ScheduleEvent) -> State:
    if isinstance(event, ScheduleCreated):
        return _created(event)
    if not isinstance(state, Schedule):
        return state
    return Deleted() if isinstance(event, ScheduleDeleted) else after(state, event)


def after(state: Schedule, event: Change) -> Schedule:
    """The schedule after an event that leaves it one."""
    state = replace(state, next=event.next, version=state.version + 1)
    match event:
        case ScheduleUpdated():
            new_spec = "spec" in event.changed
            spec_version = state.version if new_spec else state.spec_version
            new = replace(state, definition=event.definition, spec_version=spec_version)
            return replace(new, epoch=event.epoch)
        case ScheduleToggled():
            return replace(state, enabled=event.enabled, epoch=event.epoch)
        case ScheduleTriggered():
            return replace(state, epoch=event.epoch)
        case OccurrencesMissed():
            return state


def _created(event: ScheduleCreated) -> Schedule:
    return Schedule(
        schedule_id=event.schedule_id,
        definition=event.definition,
        enabled=event.enabled,
        next=event.next,
        epoch=event.epoch,
        version=1,
        spec_version=1,
    )
