"""The clock: at each instant, append the tick. Any number of replicas may run it.

There is no leader. All decide the same from the same state, the log stores one of them, and the
others read `duplicate` or `conflict`: then they look again. Instants are told by the database's
clock, so no tick is recorded before it is due.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, Protocol

import structlog

from contracts.events.schedule import OccurrencesMissed, ScheduleDeleted, ScheduleTriggered
from contracts.ids import occurrence_id
from eventlog.execute import Cause, append_of
from eventlog.store import Answer, Append, Log, LogFrozen, LogUnavailable
from schedule_svc import answers
from schedule_svc.answers import Moment
from schedule_svc.horizon import Entry, Horizon
from schedule_svc.occurrences.zones import TZDATA
from schedule_svc.state import MOVES, Timing, after

ACTOR: Final = "service:schedule-svc"
SOURCE: Final = "/schedule-svc"
LOOK_UP_S: Final = 1.0
AWAY_S: Final = 0.1
_MILLISECOND: Final = timedelta(milliseconds=1)

log = structlog.get_logger()


class Clock(Protocol):
    """The time by which instants are due; it hears what was recorded when."""

    def now(self) -> datetime: ...
    def recorded(self, at: datetime, asked: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Ready:
    """A due schedule, what its instants are answered, and its timing afterwards."""

    entry: Entry
    events: tuple[answers.Answer, ...]
    append: Append
    timing: Timing


async def tick(horizon: Horizon, events: Log, clock: Clock, most: int = 256) -> None:
    """Answer what is due, `most` schedules at once, until cancelled."""
    while True:
        await _something_due(horizon, clock)
        now = clock.now()
        taken = horizon.take(now, most)
        try:
            for ready, answer in await _appended(events, taken, clock, now):
                await _learn(horizon, events, ready, answer)
        except (LogUnavailable, LogFrozen) as why:
            log.warning("clock_waits_for_the_log", due=len(taken), why=type(why).__name__)
            horizon.put_back(taken)
            await asyncio.sleep(AWAY_S)


def prepared(entry: Entry, now: datetime) -> Ready:
    """Decide what the due instants are answered, and encode it."""
    timing, cursor = entry.timing, entry.timing.next
    assert cursor is not None
    decided = answers.tick(Moment(now=now, tzdata=TZDATA), timing)
    fired = decided[-1] if isinstance(decided[-1], ScheduleTriggered) else None
    first = occurrence_id(timing.schedule_id, cursor)
    cause = Cause(
        key=f"tick:{first}",
        source=SOURCE,
        actor=ACTOR,
        time=fired.due if fired else now,
        correlation=fired.run_id if fired else first,
        owner=entry.owner,
    )
    append = append_of(f"schedule-{timing.schedule_id}", timing.version, decided, cause)
    for event in decided:
        timing = after(timing, event)
    return Ready(entry, tuple(decided), append, timing)


async def _something_due(horizon: Horizon, clock: Clock) -> None:
    """Sleep until the first instant; never return before it, whatever the timer does."""
    while True:
        horizon.changed.clear()
        first = horizon.first()
        wait = LOOK_UP_S if first is None else (first - clock.now()).total_seconds()
        if wait <= 0:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(min(wait, LOOK_UP_S)):
                await horizon.changed.wait()


async def _appended(
    events: Log, taken: list[Entry], clock: Clock, now: datetime
) -> list[tuple[Ready, Answer]]:
    ready = [prepared(entry, now) for entry in taken]
    asked = monotonic()
    recorded = await events.append_all([each.append for each in ready])
    for answer in recorded[-1:]:
        clock.recorded(answer.recorded_at, asked)
    return list(zip(ready, recorded, strict=True))


async def _learn(horizon: Horizon, events: Log, ready: Ready, answer: Answer) -> None:
    """What the schedule waits for next, whoever answered."""
    if answer.status == "ok":
        horizon.offer(Entry(ready.entry.owner, ready.timing))
        _tell(ready, answer)
    elif answer.status == "duplicate" and _is_ours(ready, answer):
        horizon.offer(Entry(ready.entry.owner, ready.timing))
    else:
        await _look_again(horizon, events, ready.entry)


def _is_ours(ready: Ready, answer: Answer) -> bool:
    """Whether all that happened since is one event: then the rival's leads where ours did."""
    return answer.version == ready.timing.version and len(ready.events) == 1


async def _look_again(horizon: Horizon, events: Log, entry: Entry) -> None:
    """A rival or an edit was faster: fold what it did."""
    timing = entry.timing
    for row in await events.stream(f"schedule-{timing.schedule_id}", after=timing.version):
        event = row.event
        if isinstance(event, MOVES):
            timing = after(timing, event)
            horizon.offer(Entry(entry.owner, timing))
        elif isinstance(event, ScheduleDeleted):
            horizon.drop(timing.schedule_id)


def _tell(ready: Ready, answer: Answer) -> None:
    for event in ready.events:
        match event:
            case ScheduleTriggered():
                log.info(
                    "tick_fired",
                    schedule_id=str(event.schedule_id),
                    occurrence_id=str(event.run_id),
                    lateness_ms=round((answer.recorded_at - event.due) / _MILLISECOND, 3),
                )
            case OccurrencesMissed():
                log.info(
                    "occurrences_missed",
                    schedule_id=str(event.schedule_id),
                    reason=event.reason,
                    count=event.count,
                )
