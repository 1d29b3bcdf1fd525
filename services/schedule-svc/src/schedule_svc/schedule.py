"""One schedule: what it runs, when, and which of its instants was answered last. A pure decider.

`next` is the cursor: the first nominal instant without an answer. It only grows, so a trigger for
an answered instant decides nothing. No event moves it over an instant that is due: whoever would
answers those first, in the same append.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from contracts.commands import Change
from contracts.events.schedule import (
    Definition,
    ScheduleCreated,
    ScheduleDeleted,
    ScheduleEvent,
    ScheduleToggled,
    ScheduleUpdated,
)
from contracts.specs import Every
from schedule_svc import state as folding
from schedule_svc.answers import Answer, Moment, dropped, settled, tick, triggered
from schedule_svc.definition import Rules, accepted, differences, revised
from schedule_svc.occurrences import next_instant
from schedule_svc.refusals import ScheduleExists, ScheduleNotFound
from schedule_svc.state import Missing, Schedule, State, Timing, after

initial: Final = folding.initial
evolve: Final = folding.evolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Moment):
    schedule_id: UUID
    definition: Definition
    enabled: bool
    rules: Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Moment):
    change: Change
    enabled: bool | None
    rules: Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Toggle(Moment):
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Moment):
    """Gone for good; its runs stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Moment):
    """The clock: this instant is due."""

    nominal: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Moment):
    """Somebody wants a run now."""

    run_id: UUID


Command: TypeAlias = Create | Update | Toggle | Delete | Tick | Trigger


def decide(command: Command, state: State) -> list[ScheduleEvent]:
    """Raises ScheduleExists, ScheduleNotFound, WrongField."""
    if isinstance(command, Create):
        return _create(command, state)
    if not isinstance(state, Schedule):
        raise ScheduleNotFound
    match command:
        case Update():
            return _update(command, state)
        case Toggle():
            return _toggle(command, state.timing)
        case Delete():
            return _delete(command, state)
        case Tick():
            due = state.timing.next == command.nominal <= command.now
            return [*tick(command, state.timing)] if due else []
        case Trigger():
            return _trigger(command, state.timing)


def _create(command: Create, state: State) -> list[ScheduleEvent]:
    if not isinstance(state, Missing):
        raise ScheduleExists
    definition = accepted(command.definition, command.rules, command.now)
    first = next_instant(definition.spec, command.now, command.now)
    return [
        ScheduleCreated(
            schedule_id=command.schedule_id,
            definition=definition,
            enabled=command.enabled,
            next=first if command.enabled else None,
            epoch=command.now,
            tzdata=command.tzdata,
        )
    ]


def _update(command: Update, state: Schedule) -> list[ScheduleEvent]:
    new = revised(state.definition, command.change, command.rules, command.now)
    fields = differences(state.definition, new)
    timing, events = state.timing, list[ScheduleEvent]()
    if "spec" in fields:
        answers, timing = settled(command, timing)
        events += answers
    if fields:
        update = _updated(command, timing, new, fields)
        events.append(update)
        timing = after(timing, update)
    if command.enabled is not None:
        toggle = Toggle(now=command.now, tzdata=command.tzdata, enabled=command.enabled)
        events += _toggle(toggle, timing)
    return events


def _updated(
    command: Update, timing: Timing, new: Definition, fields: tuple[str, ...]
) -> ScheduleUpdated:
    following, epoch = timing.next, timing.epoch
    if "spec" in fields:
        epoch = command.now
        following = next_instant(new.spec, epoch, command.now) if timing.enabled else None
    return ScheduleUpdated(
        schedule_id=timing.schedule_id,
        definition=new,
        changed=fields,
        next=following,
        epoch=epoch,
        tzdata=command.tzdata,
    )


def _toggle(command: Toggle, timing: Timing) -> list[ScheduleEvent]:
    if command.enabled == timing.enabled:
        return []
    now = command.now
    toggled = ScheduleToggled(
        schedule_id=timing.schedule_id,
        enabled=command.enabled,
        next=next_instant(timing.spec, now, now) if command.enabled else None,
        epoch=now,
        tzdata=command.tzdata,
    )
    return [*dropped(command, timing, "disabled"), toggled]


def _delete(command: Delete, state: Schedule) -> list[ScheduleEvent]:
    name, timing = state.definition.name, state.timing
    gone = ScheduleDeleted(schedule_id=timing.schedule_id, name=name)
    return [*dropped(command, timing, "deleted"), gone]


def _trigger(command: Trigger, timing: Timing) -> list[ScheduleEvent]:
    due, now, spec = list[Answer](), command.now, timing.spec
    if isinstance(spec, Every) and spec.anchor is None:
        due, timing = settled(command, timing)
        following = now + spec.every if timing.enabled else None
        timing = replace(timing, next=following, epoch=now)
    return [*due, triggered(command, timing, "manual", command.run_id, now, timing.next)]
