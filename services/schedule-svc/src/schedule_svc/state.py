"""What a schedule's events make of it. Pure.

`next` is the cursor: the first nominal instant without an answer. It only grows.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias
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
from contracts.specs import Spec

MOVES: Final = (ScheduleUpdated, ScheduleToggled, ScheduleTriggered, OccurrencesMissed)
"""The events that move a schedule's cursor."""
Move: TypeAlias = ScheduleUpdated | ScheduleToggled | ScheduleTriggered | OccurrencesMissed


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing has happened yet."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """Gone for good."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What the clock needs of a schedule.

    `version` counts its events; `spec_version` is that of the event which set the spec.
    """

    schedule_id: UUID
    spec: Spec
    enabled: bool
    next: datetime | None
    epoch: datetime
    version: int
    spec_version: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """It exists."""

    definition: Definition
    timing: Timing


State: TypeAlias = Missing | Schedule | Deleted


def initial() -> State:
    return Missing()


def evolve(state: State, event: ScheduleEvent) -> State:
    if isinstance(event, ScheduleCreated):
        return Schedule(event.definition, first(event))
    if not isinstance(state, Schedule):
        return state
    if isinstance(event, ScheduleDeleted):
        return Deleted()
    definition = event.definition if isinstance(event, ScheduleUpdated) else state.definition
    return Schedule(definition, after(state.timing, event))


def first(event: ScheduleCreated) -> Timing:
    return Timing(
        schedule_id=event.schedule_id,
        spec=event.definition.spec,
        enabled=event.enabled,
        next=event.next,
        epoch=event.epoch,
        version=1,
        spec_version=1,
    )


def after(timing: Timing, event: Move) -> Timing:
    """The timing after an event that leaves the schedule in being."""
    timing = replace(timing, next=event.next, version=timing.version + 1)
    match event:
        case ScheduleUpdated():
            kept = "spec" not in event.changed
            spec_version = timing.spec_version if kept else timing.version
            spec = event.definition.spec
            return replace(timing, spec=spec, epoch=event.epoch, spec_version=spec_version)
        case ScheduleToggled():
            return replace(timing, enabled=event.enabled, epoch=event.epoch)
        case ScheduleTriggered():
            return replace(timing, epoch=event.epoch)
        case OccurrencesMissed():
            return timing
