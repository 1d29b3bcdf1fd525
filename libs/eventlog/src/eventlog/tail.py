"""Every event of the log, in order, once: from JetStream while it is whole, else from the log.

`position == last + 1` is the only check. What came before is dropped; whatever does not follow
(a gap, another log's event, a broken connection, a stream that is gone) sends the reader to the
log's own pages, and JetStream is tried again a little later. So delivery may fail in any way: the
reader is late, never wrong.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, Protocol, TypeAlias

from eventlog.bus import Bus
from eventlog.feed import JetStreamFeed
from eventlog.memory import MemoryLog
from eventlog.pull import Broken
from eventlog.store import Log, LogError, LogUnavailable, Row
from eventlog.wire import Frame

logger = logging.getLogger(__name__)

BUSY_S: Final = 0.025
IDLE_S: Final = 0.25
BACKSTOP_S: Final = 1.0
RETRY_S: Final = (0.05, 2.0)


class OtherLog(LogError):
    """This is another log than the one this reader's position belongs to."""


class Feed(Protocol):
    """Frames as they are delivered, in whatever state."""

    async def open(self, after: int) -> None:
        """Begin, again and again, after a position. Raises Broken."""
        ...

    async def next(self, limit: int, timeout_s: float) -> list[Frame]:
        """At most `limit`; [] after `timeout_s`. Raises Broken."""
        ...

    async def close(self) -> None: ...


Wait: TypeAlias = Callable[[float], Awaitable[None]]
"""Until the log may have grown, at most so many seconds."""


async def follow(
    log: Log, bus: Bus | None, after: int, *, batch: int = 500
) -> AsyncGenerator[list[Row]]:
    """Every event after position `after`, for ever, in non-empty lists of at most `batch`.

    A log or bus that is away is waited for. Raises OtherLog when the log is forked meanwhile.
    """
    feed = JetStreamFeed(bus, batch) if bus else None
    reader = Reader(log, feed, _waiting(log, bus), after, batch)
    try:
        while True:
            yield await reader.next()
    finally:
        if feed:
            await feed.close()


class Reader:
    """Where a reader stands, and which way it gets on."""

    def __init__(
        self,
        log: Log,
        feed: Feed | None,
        wait: Wait,
        after: int,
        batch: int,
        retry_s: tuple[float, float] = RETRY_S,
    ) -> None:
        self.last = after
        self._log, self._feed, self._wait, self._batch = log, feed, wait, batch
        self._soonest, self._latest = retry_s
        self._retry, self._try_at = self._soonest, 0.0
        self._live, self._poll, self._log_id = False, BUSY_S, ""

    async def next(self) -> list[Row]:
        """The next events, when there are any. Raises OtherLog."""
        while True:
            rows = await (self._delivered() if self._live else self._read())
            if rows:
                self.last = rows[-1].position
                return rows

    async def _read(self) -> list[Row]:
        rows = await self._page()
        if rows:
            self._poll = BUSY_S
        elif self._feed is None or _now() < self._try_at or not await self._go_live(self._feed):
            await self._wait(self._poll)
            self._poll = min(2 * self._poll, IDLE_S)
        return rows

    async def _delivered(self) -> list[Row]:
        assert self._feed is not None
        try:
            frames = await self._feed.next(self._batch, BACKSTOP_S)
        except Broken as why:
            self._fall_back(str(why))
            return []
        if not frames:
            return await self._page()  # a relay that stands still delays its readers, no more
        rows, whole = sift(frames, self._log_id, self.last)
        if rows:
            self._retry = self._soonest
        if not whole:
            self._fall_back("gap")
        return rows

    async def _go_live(self, feed: Feed) -> bool:
        try:
            log_id = str((await self._log.head()).log_id)
            if self._log_id not in ("", log_id):
                raise OtherLog
            self._log_id = log_id
            await feed.open(self.last)
        except (Broken, LogUnavailable) as why:
            self._fall_back(str(why))
            return False
        self._live = True
        return True

    def _fall_back(self, why: str) -> None:
        logger.info("tail at %d reads the log: %s", self.last, why)
        self._live, self._try_at = False, _now() + self._retry
        self._retry = min(2 * self._retry, self._latest)

    async def _page(self) -> list[Row]:
        try:
            return await self._log.page(self.last, self._batch)
        except LogUnavailable:
            logger.warning("tail at %d: the log is unavailable", self.last)
            return []


def sift(frames: Iterable[Frame], log_id: str, last: int) -> tuple[list[Row], bool]:
    """The rows that follow `last` without gap, and whether all else was only repeated."""
    rows: list[Row] = []
    for frame in frames:
        if frame.log != log_id or frame.position > last + 1:
            return rows, False
        if frame.position == last + 1:
            rows.append(frame.row())
            last += 1
    return rows, True


def _waiting(log: Log, bus: Bus | None) -> Wait:
    if isinstance(log, MemoryLog):
        return lambda seconds: _woken(log, seconds)
    return asyncio.sleep if bus is None else _poked(bus)


async def _woken(log: MemoryLog, seconds: float) -> None:
    log.wake.clear()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await log.wake.wait()


def _poked(bus: Bus) -> Wait:
    heard = 0

    async def wait(seconds: float) -> None:
        nonlocal heard
        pokes = await bus.pokes()
        await pokes.after(heard, seconds)
        heard = pokes.heard

    return wait


def _now() -> float:
    return asyncio.get_running_loop().time()
