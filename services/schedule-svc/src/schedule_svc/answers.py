"""The answers to instants that are due: a tick, or why there is none. Pure.

Each nominal instant of an enabled schedule is answered once: by ScheduleTriggered, or inside one
OccurrencesMissed.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from contracts.events.schedule import Cause, MissReason, OccurrencesMissed, ScheduleTriggered
from contracts.ids import instant_text, occurrence_id
from schedule_svc import misfire
from schedule_svc.occurrences import last_instant, next_instant
from schedule_svc.state import Timing, after

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


def tick(at: Moment, timing: Timing) -> list[Answer]:
    """For what is due, the oldest AT_ONCE instants at most, by the rules of `misfire`."""
    due, latest, following = _due(timing, at.now)
    verdict = misfire.judge(due, latest, following, at.now)
    events = list[Answer]()
    if verdict.missed is not None:
        events.append(_missed(at, timing, verdict.missed))
    if verdict.fires is not None:
        run_id = occurrence_id(timing.schedule_id, verdict.fires)
        events.append(triggered(at, timing, "clock", run_id, verdict.fires, following))
    return events


def _due(timing: Timing, now: datetime) -> tuple[list[datetime], datetime, datetime | None]:
    """The oldest instants that are due, the last one of all, and the one after it."""
    due, following = list[datetime](), timing.next
    while following is not None and following <= now and len(due) < AT_ONCE:
        due.append(following)
        following = _next(timing, following)
    if following is None or following > now:
        return due, due[-1], following
    latest = last_instant(timing.spec, timing.epoch, following, now)
    return due, latest, _next(timing, latest)


def settled(at: Moment, timing: Timing) -> tuple[list[Answer], Timing]:
    """The answers to all that is due, and the timing after them."""
    events = list[Answer]()
    while timing.next is not None and timing.next <= at.now:
        for event in tick(at, timing):
            events.append(event)
            timing = after(timing, event)
    return events, timing


def dropped(at: Moment, timing: Timing, reason: MissReason) -> Iterator[OccurrencesMissed]:
    """What is due gets no run any more."""
    while timing.next is not None and timing.next <= at.now:
        due, _, _ = _due(timing, at.now)
        event = _missed(at, timing, misfire.Missed(tuple(due), reason))
        yield event
        timing = after(timing, event)


def _missed(at: Moment, timing: Timing, missed: misfire.Missed) -> OccurrencesMissed:
    lines = "\n".join(map(instant_text, missed.instants))
    return OccurrencesMissed(
        schedule_id=timing.schedule_id,
        first=missed.instants[0],
        last=missed.instants[-1],
        count=len(missed.instants),
        reason=missed.reason,
        into=missed.into,
        next=_next(timing, missed.instants[-1]),
        spec_version=timing.spec_version,
        tzdata=at.tzdata,
        instants_sha256=hashlib.sha256(lines.encode()).hexdigest(),
        instants=missed.instants if len(missed.instants) <= _LISTED else (),
    )


def triggered(
    at: Moment,
    timing: Timing,
    cause: Cause,
    run_id: UUID,
    nominal: datetime,
    following: datetime | None,
) -> ScheduleTriggered:
    return ScheduleTriggered(
        schedule_id=timing.schedule_id,
        run_id=run_id,
        cause=cause,
        nominal=nominal,
        due=nominal,
        next=following,
        epoch=timing.epoch,
        spec_version=timing.spec_version,
        tzdata=at.tzdata,
        late=at.now - nominal > _LATE,
    )


def _next(timing: Timing, instant: datetime) -> datetime | None:
    return next_instant(timing.spec, timing.epoch, instant)
