"""The clock: at each instant, append the tick. Any number of replicas may run it.

There is no leader. All decide the same from the same state, the log stores one of them, and the
others read `duplicate` or `conflict`: then they look again. Instants are told by the database's
clock, so no tick is recorded before it is due. What can be done before the instant is.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from heapq import heappop, heappush
from time import monotonic
from typing import Final, Protocol

import structlog

from contracts.events.schedule import OccurrencesMissed, ScheduleDeleted, ScheduleTriggered
from eventlog.store import Answer, Log, LogFrozen, LogUnavailable
from schedule_svc.horizon import Entry, Horizon
from schedule_svc.prepared import Ready, prepared
from schedule_svc.state import MOVES, after

AHEAD: Final = timedelta(seconds=2)
AT_ONCE_AHEAD: Final = 16
IN_FLIGHT: Final = 4
MOST_UNTOLD: Final = 10_000
LOOK_UP_S: Final = 1.0
AWAY_S: Final = 0.1
_MILLISECOND: Final = timedelta(milliseconds=1)

log = structlog.get_logger()


class Clock(Protocol):
    """The time by which instants are due; it hears what was recorded when."""

    def now(self) -> datetime: ...
    def recorded(self, at: datetime, asked: float) -> None: ...


async def tick(horizon: Horizon, events: Log, clock: Clock, most: int = 256) -> None:
    """Answer what is due, `most` schedules at once, until cancelled."""
    ticker, room = _Ticker(horizon, events, clock), asyncio.Semaphore(IN_FLIGHT)
    async with asyncio.TaskGroup() as flights:
        while True:
            await room.acquire()
            batch = await ticker.due(most)
            flights.create_task(ticker.fly(batch)).add_done_callback(lambda _: room.release())


class _Ticker:
    def __init__(self, horizon: Horizon, events: Log, clock: Clock) -> None:
        self._horizon, self._events, self._clock = horizon, events, clock
        self._staged: list[tuple[datetime, int, Ready]] = []
        self._count = 0
        self._untold: deque[tuple[Ready, Answer]] = deque()

    async def due(self, most: int) -> list[Ready]:
        """What is due now; never before its instant, whatever the timer does."""
        while True:
            now = self._clock.now()
            if len(self._untold) > MOST_UNTOLD:
                self._tell()
            batch = [*self._unstaged(now, most)]
            batch += [prepared(each, now) for each in self._horizon.take(now, most - len(batch))]
            if batch:
                return batch
            if self._stage(now) or self._tell():
                await asyncio.sleep(0)
            else:
                await self._sleep()

    async def fly(self, batch: list[Ready]) -> None:
        """Append, and learn what each schedule waits for next."""
        asked = monotonic()
        try:
            answers = await self._events.append_all([each.append for each in batch])
            self._clock.recorded(answers[-1].recorded_at, asked)
            for ready, answer in zip(batch, answers, strict=True):
                await self._learn(ready, answer)
        except (LogUnavailable, LogFrozen) as why:
            log.warning("clock_waits_for_the_log", due=len(batch), why=type(why).__name__)
            await asyncio.sleep(AWAY_S)
            self._horizon.put_back([each.entry for each in batch])

    def _stage(self, now: datetime) -> bool:
        """Prepare some of what comes next; whether there was any."""
        coming = self._horizon.take(now, AT_ONCE_AHEAD, AHEAD)
        for entry in coming:
            ready = prepared(entry, now)
            self._count += 1
            heappush(self._staged, (ready.due, self._count, ready))
        return bool(coming)

    def _tell(self) -> bool:
        """Log some of what was done, now that nothing is due; whether there was any."""
        told = [self._untold.popleft() for _ in range(min(AT_ONCE_AHEAD, len(self._untold)))]
        for ready, answer in told:
            _log(ready, answer)
        return bool(told)

    def _unstaged(self, now: datetime, most: int) -> Iterator[Ready]:
        while most and self._staged and self._staged[0][0] <= now:
            ready = heappop(self._staged)[2]
            if self._horizon.holds(ready.entry):
                most -= 1
                yield ready if ready.holds(now) else prepared(ready.entry, now)

    async def _sleep(self) -> None:
        """Until something is due, or comes near enough to be prepared."""
        self._horizon.changed.clear()
        now, first = self._clock.now(), self._horizon.first()
        waits = [LOOK_UP_S, *((place[0] - now).total_seconds() for place in self._staged[:1])]
        if first is not None:
            waits.append((first - AHEAD - now).total_seconds())
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0, min(waits))):
                await self._horizon.changed.wait()

    async def _learn(self, ready: Ready, answer: Answer) -> None:
        if answer.status == "ok":
            self._horizon.offer(Entry(ready.entry.owner, ready.timing))
            self._untold.append((ready, answer))
        elif answer.status == "duplicate" and _is_ours(ready, answer):
            self._horizon.offer(Entry(ready.entry.owner, ready.timing))
        else:
            await self._look_again(ready.entry)

    async def _look_again(self, entry: Entry) -> None:
        """A rival or an edit was faster: fold what it did."""
        timing = entry.timing
        for row in await self._events.stream(f"schedule-{timing.schedule_id}", timing.version):
            event = row.event
            if isinstance(event, MOVES):
                timing = after(timing, event)
                self._horizon.offer(Entry(entry.owner, timing))
            elif isinstance(event, ScheduleDeleted):
                self._horizon.drop(timing.schedule_id)


def _is_ours(ready: Ready, answer: Answer) -> bool:
    """Whether all that happened since is one event: then the rival's leads where ours did."""
    return answer.version == ready.timing.version and len(ready.events) == 1


def _log(ready: Ready, answer: Answer) -> None:
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
