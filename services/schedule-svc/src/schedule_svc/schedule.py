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
from schedule_svc.state import Missing, Schedule, State, after

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
            return _toggle(command, state)
        case Delete():
            gone = ScheduleDeleted(schedule_id=state.schedule_id, name=state.definition.name)
            return [*dropped(command, state, "deleted"), gone]
        case Tick():
            due = state.next == command.nominal <= command.now
            return [*tick(command, state)] if due else []
        case Trigger():
            return _trigger(command, state)


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
    events = list[ScheduleEvent]()
    if "spec" in fields:
        answers, state = settled(command, state)
        events += answers
    if fields:
        update = _updated(command, state, new, fields)
        events.append(update)
        state = after(state, update)
    if command.enabled is not None:
        toggle = Toggle(now=command.now, tzdata=command.tzdata, enabled=command.enabled)
        events += _toggle(toggle, state)
    return events


def _updated(
    command: Update, state: Schedule, new: Definition, fields: tuple[str, ...]
) -> ScheduleUpdated:
    following, epoch = state.next, state.epoch
    if "spec" in fields:
        epoch = command.now
        following = next_instant(new.spec, epoch, command.now) if state.enabled else None
    return ScheduleUpdated(
        schedule_id=state.schedule_id,
        definition=new,
        changed=fields,
        next=following,
        epoch=epoch,
        tzdata=command.tzdata,
    )


def _toggle(command: Toggle, state: Schedule) -> list[ScheduleEvent]:
    if command.enabled == state.enabled:
        return []
    spec, now = state.definition.spec, command.now
    toggled = ScheduleToggled(
        schedule_id=state.schedule_id,
        enabled=command.enabled,
        next=next_instant(spec, now, now) if command.enabled else None,
        epoch=now,
        tzdata=command.tzdata,
    )
    return [*dropped(command, state, "disabled"), toggled]


def _trigger(command: Trigger, state: Schedule) -> list[ScheduleEvent]:
    spec, due = state.definition.spec, list[Answer]()
    if isinstance(spec, Every) and spec.anchor is None:
        due, state = settled(command, state)
        following = command.now + spec.every if state.enabled else None
        state = replace(state, next=following, epoch=command.now)
    return [*due, triggered(command, state, "manual", command.run_id, command.now, state.next)]
