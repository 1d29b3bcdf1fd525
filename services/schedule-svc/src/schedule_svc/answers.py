"""The answers to instants that are due: a tick, or why there is none. Pure.

Each nominal instant of an enabled schedule is answered once: by ScheduleTriggered, or inside one
OccurrencesMissed.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeAlias
from uuid import UUID

from contracts.events.schedule import Cause, MissReason, OccurrencesMissed, ScheduleTriggered
from contracts.ids import instant_text, occurrence_id
from schedule_svc import misfire
from schedule_svc.occurrences import instants, last_instant, next_instant
from schedule_svc.state import Schedule, after

AT_ONCE: Final = 10_000
"""How many instants one OccurrencesMissed may hold."""
_LISTED: Final = 50
_LATE: Final = timedelta(seconds=60)

Answer: TypeAlias = OccurrencesMissed | ScheduleTriggered


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`now` is the decision's time; `tzdata` the version its instants are computed with."""

    now: datetime
    tzdata: str


def tick(at: Moment, state: Schedule) -> list[Answer]:
    """For what is due, the oldest AT_ONCE instants at most, by the rules of `misfire`."""
    due, latest = _due(state, at.now)
    following = _next(state, latest)
    verdict = misfire.judge(due, latest, following, at.now)
    events = list[Answer]()
    if verdict.missed is not None:
        events.append(_missed(at, state, verdict.missed))
    if verdict.fires is not None:
        run_id = occurrence_id(state.schedule_id, verdict.fires)
        events.append(triggered(at, state, "clock", run_id, verdict.fires, following))
    return events


def _due(state: Schedule, now: datetime) -> tuple[list[datetime], datetime]:
    """The oldest instants that are due, and the last one of all."""
    spec, epoch, first = state.definition.spec, state.epoch, state.next
    due = list(islice(instants(spec, epoch, first, now), AT_ONCE))
    complete = len(due) < AT_ONCE
    return due, due[-1] if complete else last_instant(spec, epoch, due[-1], now)


def settled(at: Moment, state: Schedule) -> tuple[list[Answer], Schedule]:
    """The answers to all that is due, and the state after them."""
    events = list[Answer]()
    while state.next is not None and state.next <= at.now:
        for event in tick(at, state):
            events.append(event)
            state = after(state, event)
    return events, state


def dropped(at: Moment, state: Schedule, reason: MissReason) -> Iterator[OccurrencesMissed]:
    """What is due gets no run any more."""
    while state.next is not None and state.next <= at.now:
        due, _ = _due(state, at.now)
        event = _missed(at, state, misfire.Missed(tuple(due), reason))
        yield event
        state = after(state, event)


def _missed(at: Moment, state: Schedule, missed: misfire.Missed) -> OccurrencesMissed:
    lines = "\n".join(map(instant_text, missed.instants))
    return OccurrencesMissed(
        schedule_id=state.schedule_id,
        first=missed.instants[0],
        last=missed.instants[-1],
        count=len(missed.instants),
        reason=missed.reason,
        into=missed.into,
        next=_next(state, missed.instants[-1]),
        spec_version=state.spec_version,
        tzdata=at.tzdata,
        instants_sha256=hashlib.sha256(lines.encode()).hexdigest(),
        instants=missed.instants if len(missed.instants) <= _LISTED else (),
    )


def triggered(
    at: Moment,
    state: Schedule,
    cause: Cause,
    run_id: UUID,
    nominal: datetime,
    following: datetime | None,
) -> ScheduleTriggered:
    return ScheduleTriggered(
        schedule_id=state.schedule_id,
        run_id=run_id,
        cause=cause,
        nominal=nominal,
        due=nominal,
        next=following,
        epoch=state.epoch,
        spec_version=state.spec_version,
        tzdata=at.tzdata,
        late=at.now - nominal > _LATE,
    )


def _next(state: Schedule, instant: datetime) -> datetime | None:
    return next_instant(state.definition.spec, state.epoch, instant)
