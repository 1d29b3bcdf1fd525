"""What is done for a user: decided on the schedule's stream, appended, and told to the clock.

The gateway has authenticated the owner. A repeated key gets the first answer; another owner's
schedule does not exist.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from contracts.commands import (
    Accepted,
    Command,
    CreateSchedule,
    DeleteSchedule,
    ScheduleCommand,
    ToggleSchedule,
    TriggerSchedule,
    UpdateSchedule,
)
from contracts.ids import command_id
from eventlog.execute import Cause, Folded, append_of, execute, fold, load
from eventlog.store import NEW, KeyReused, Log
from schedule_svc import schedule
from schedule_svc.database_clock import DatabaseClock
from schedule_svc.definition import Rules
from schedule_svc.due import DueTable
from schedule_svc.horizon import Entry, Horizon
from schedule_svc.names import Names
from schedule_svc.occurrences.zones import TZDATA
from schedule_svc.refusals import Refusal, ScheduleExists, ScheduleNotFound
from schedule_svc.state import Missing, Schedule, State

SOURCE: Final = "/schedule-svc"

Known: TypeAlias = Folded[State]


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands are carried out with."""

    log: Log
    names: Names
    due: DueTable
    horizon: Horizon
    clock: DatabaseClock
    rules: Rules


async def perform(desk: Desk, command: ScheduleCommand) -> Accepted:
    """Raises Refusal, and what the log and its server raise."""
    now = desk.clock.now()
    match command:
        case CreateSchedule():
            return await _create(desk, command, now)
        case UpdateSchedule():
            return await _update(desk, command, now)
        case ToggleSchedule():
            decided = schedule.Toggle(now=now, tzdata=TZDATA, enabled=command.enabled)
            return await _decide(desk, command, command.schedule_id, decided)
        case DeleteSchedule():
            return await _delete(desk, command, now)
        case TriggerSchedule():
            run_id = command_id(command.owner, command.key)
            decided = schedule.Trigger(now=now, tzdata=TZDATA, run_id=run_id)
            done = await _decide(desk, command, command.schedule_id, decided, run_id=run_id)
            return done.model_copy(update={"run_id": run_id})


async def _create(desk: Desk, command: CreateSchedule, now: datetime) -> Accepted:
    schedule_id = command_id(command.owner, command.key)
    known = await load(desk.log, schedule, _stream(schedule_id))
    if not isinstance(known.state, Missing):
        return await _created_before(desk, command, schedule_id, now)
    name = command.definition.name.strip()
    decided = schedule.Create(
        now=now,
        tzdata=TZDATA,
        schedule_id=schedule_id,
        definition=command.definition,
        enabled=command.enabled,
        rules=desk.rules,
    )
    await desk.names.for_new(command.owner, name, schedule_id, now)
    async with _released(desk, command.owner, name, schedule_id, now):
        return await _decide(desk, command, schedule_id, decided, known)


async def _created_before(
    desk: Desk, command: CreateSchedule, schedule_id: UUID, now: datetime
) -> Accepted:
    """The same request again, or another one under its key. Raises KeyReused."""
    cause = _cause(command, now, schedule_id)
    # nothing can be stored: the stream exists, so only the key is looked at
    answer = await desk.log.append(append_of(_stream(schedule_id), NEW, (), cause))
    if answer.status == "key_reused":
        raise KeyReused
    if answer.last is None:
        raise ScheduleExists
    return Accepted(position=answer.last, schedule_id=schedule_id)


async def _update(desk: Desk, command: UpdateSchedule, now: datetime) -> Accepted:
    owner, schedule_id = command.owner, command.schedule_id
    known = await _known(desk, owner, schedule_id)
    decided = schedule.Update(
        now=now,
        tzdata=TZDATA,
        change=command.change,
        enabled=command.enabled,
        rules=desk.rules,
    )
    name = _new_name(command, known.state)
    if name is None:
        return await _decide(desk, command, schedule_id, decided, known)
    await desk.names.for_renamed(owner, name, schedule_id, now)
    async with _released(desk, owner, name, schedule_id, now):
        done = await _decide(desk, command, schedule_id, decided, known)
    await desk.names.settle(name, schedule_id)
    return done


async def _delete(desk: Desk, command: DeleteSchedule, now: datetime) -> Accepted:
    decided = schedule.Delete(now=now, tzdata=TZDATA)
    done = await _decide(desk, command, command.schedule_id, decided)
    await desk.names.free(command.schedule_id)
    return done


async def _decide(
    desk: Desk,
    command: Command,
    schedule_id: UUID,
    decided: schedule.Command,
    known: Known | None = None,
    run_id: UUID | None = None,
) -> Accepted:
    known = known or await _known(desk, command.owner, schedule_id)
    cause = _cause(command, decided.now, run_id or schedule_id)
    done = await execute(desk.log, schedule, _stream(schedule_id), decided, cause, known)
    state = done.folded.state
    if isinstance(state, Schedule):
        desk.horizon.offer(Entry(command.owner, state.timing))
    else:
        desk.horizon.drop(schedule_id)
    last = done.answer.last if done.answer else None
    position = last if last is not None else (await desk.log.head()).position
    return Accepted(position=position, schedule_id=schedule_id)


async def _known(desk: Desk, owner: str, schedule_id: UUID) -> Known:
    """As far as it is projected, else from its events. Raises ScheduleNotFound."""
    owned = await desk.due.snapshot(schedule_id)
    if owned is not None:
        found, known = owned.owner, owned.folded
    else:
        rows = await desk.log.stream(_stream(schedule_id))
        found = rows[0].owner if rows else None
        known = fold(schedule, Folded(schedule.initial(), NEW), rows)
    if found != owner:
        raise ScheduleNotFound
    return known


@asynccontextmanager
async def _released(
    desk: Desk, owner: str, name: str, schedule_id: UUID, now: datetime
) -> AsyncGenerator[None]:
    """Give the name back if the body is refused."""
    try:
        yield
    except Refusal:
        await desk.names.release(owner, name, schedule_id, now)
        raise


def _new_name(command: UpdateSchedule, state: State) -> str | None:
    name = (command.change.name or "").strip()
    borne = state.definition.name if isinstance(state, Schedule) else name
    return name if name and name != borne else None


def _cause(command: Command, now: datetime, correlation: UUID) -> Cause:
    return Cause(
        key=f"api:{command.owner}:{command.key}",
        source=SOURCE,
        actor=command.actor,
        time=now,
        correlation=correlation,
        request=command.model_dump_json(exclude={"traceparent"}).encode(),
        owner=command.owner,
        traceparent=command.traceparent,
    )


def _stream(schedule_id: UUID) -> str:
    return f"schedule-{schedule_id}"
