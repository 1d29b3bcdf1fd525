"""The chain rule: the first instant of each answer is the `next` announced before it. Pure.

So that a schedule's instants are complete is seen from its own events, one after another, without
computing a single instant.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contracts.events.schedule import (
    OccurrencesMissed,
    ScheduleCreated,
    ScheduleDeleted,
    ScheduleEvent,
    ScheduleToggled,
    ScheduleTriggered,
    ScheduleUpdated,
)
from contracts.ids import instant_text, occurrence_id


@dataclass(frozen=True, slots=True)
class Link:
    """What was announced last: the next instant, as that version of tzdata has it."""

    next: datetime | None
    tzdata: str


def following(event: ScheduleEvent) -> Link | None:
    """What the event announces; None after the schedule's deletion."""
    return None if isinstance(event, ScheduleDeleted) else Link(event.next, event.tzdata)


def complaints(link: Link | None, event: ScheduleEvent, decided: datetime) -> Iterator[str]:
    """What is wrong with an event after `link`, decided at `decided`; nothing if it is in order."""
    if isinstance(event, ScheduleCreated):
        if link is not None:
            yield "created twice"
    elif link is None:
        yield f"{event.type} of a schedule that does not exist"
    elif isinstance(event, OccurrencesMissed):
        yield from _chained(link, event.first, event.tzdata)
        yield from _missed(event)
    elif isinstance(event, ScheduleTriggered):
        yield from _triggered(link, event)
    else:
        yield from _moved(link, event, decided)


def _moved(
    link: Link, event: ScheduleUpdated | ScheduleToggled | ScheduleDeleted, decided: datetime
) -> Iterator[str]:
    if isinstance(event, ScheduleUpdated) and "spec" not in event.changed:
        if event.next != link.next:
            yield f"{_shown(link.next)} moved to {_shown(event.next)} without a new timing"
        return
    yield from _passed_over(link, decided)
    if not isinstance(event, ScheduleDeleted):
        yield from _later(event.next, decided)


def _triggered(link: Link, event: ScheduleTriggered) -> Iterator[str]:
    if event.cause == "clock":
        yield from _chained(link, event.nominal, event.tzdata)
        yield from _later(event.next, event.nominal)
        if event.run_id != occurrence_id(event.schedule_id, event.nominal):
            yield f"run {event.run_id} is not the occurrence of {_shown(event.nominal)}"
    elif event.next != link.next:
        yield from _passed_over(link, event.nominal)
        yield from _later(event.next, event.nominal)


def _missed(event: OccurrencesMissed) -> Iterator[str]:
    yield from _later(event.next, event.last)
    if event.into is not None:
        yield from _later(event.into, event.last)
    if event.instants:
        lines = "\n".join(map(instant_text, event.instants)).encode()
        ends = (event.instants[0], event.instants[-1], len(event.instants))
        if ends != (event.first, event.last, event.count):
            yield "the instants listed are not those counted"
        if hashlib.sha256(lines).hexdigest() != event.instants_sha256:
            yield "the instants listed do not have their hash"


def _chained(link: Link, first: datetime, tzdata: str) -> Iterator[str]:
    if first != link.next and tzdata == link.tzdata:
        yield f"answers {_shown(first)}, where {_shown(link.next)} was next"


def _passed_over(link: Link, decided: datetime) -> Iterator[str]:
    if link.next is not None and link.next <= decided:
        yield f"{_shown(link.next)} was due and is passed over"


def _later(instant: datetime | None, before: datetime) -> Iterator[str]:
    if instant is not None and instant <= before:
        yield f"{_shown(instant)} does not follow {_shown(before)}"


def _shown(instant: datetime | None) -> str:
    return instant_text(instant) if instant else "nothing"
