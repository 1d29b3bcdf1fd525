"""Carries the log to JetStream, in order, each event at the sequence that is its position.

The relay keeps no state: where it goes on is JetStream's own last sequence, and that the stream is
of this log is proven by its last message. So it may die anywhere, run twice, or find the stream
gone, and nothing is lost or doubled. After any error it forgets everything and looks again.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from eventlog.batches import Misplaced, publish_run
from eventlog.beside import beside
from eventlog.bus import Bus, BusUnavailable, Pokes
from eventlog.jetstream import REFILLED, JetStreamError, Stream, ensure_stream, message_at
from eventlog.store import Log, LogUnavailable, Row
from eventlog.wire import frame, microseconds

logger = logging.getLogger(__name__)

RUN: Final = 1000
RUN_BYTES: Final = 4 * 1024 * 1024
BUSY_S: Final = 0.025
IDLE_S: Final = 0.25


class Unproven(Exception):
    """JetStream does not show its last message."""


_PASSING: Final = (BusUnavailable, JetStreamError, LogUnavailable, Misplaced, Unproven)


class ForeignStream(Exception):
    """The stream in JetStream is not of this log, or this log went back; nothing is published."""


def _pause() -> float:
    return random.SystemRandom().uniform(0.05, 0.5)


async def relay(
    log: Log,
    bus: Bus,
    *,
    on_progress: Callable[[int], None] = lambda _: None,
    replicas: int = 1,
    pause: Callable[[], float] = _pause,
) -> None:
    """Run until cancelled; `on_progress` gets the position up to which all is published.

    Raises ForeignStream. Other troubles are logged and tried again after `pause` seconds.
    """
    pokes = await bus.pokes()
    while True:
        try:
            await _carry(log, bus, pokes, on_progress, replicas)
        except _PASSING as error:
            logger.warning("relay interrupted: %s", str(error) or type(error).__name__)
            await asyncio.sleep(pause())


async def _carry(
    log: Log, bus: Bus, pokes: Pokes, on_progress: Callable[[int], None], replicas: int
) -> None:
    log_id, last = await _proven(log, bus, replicas)
    on_progress(last)
    poll, heard = BUSY_S, pokes.heard
    rows = await log.page(last, RUN)
    while True:
        if not rows:
            await pokes.after(heard, poll)
        poll = BUSY_S if rows else min(2 * poll, IDLE_S)
        heard = pokes.heard
        async with _read_on(log, rows) as ahead:
            for run in _runs(rows):
                await publish_run(bus, run, log_id)
                last = run[-1].position
                on_progress(last)
        rows = ahead or await log.page(last, RUN)


@asynccontextmanager
async def _read_on(log: Log, rows: Sequence[Row]) -> AsyncGenerator[list[Row]]:
    """Where a full page says that there is more, read it while this one is published."""
    ahead: list[Row] = []

    async def read() -> None:
        ahead.extend(await log.page(rows[-1].position, RUN))

    if len(rows) < RUN:
        yield ahead
        return
    async with beside(read(), "read on"):
        await asyncio.sleep(0)  # the question goes out before publishing takes the loop
        yield ahead


def _runs(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows cut where a run would grow beyond its bytes."""
    start = size = 0
    for at, row in enumerate(rows):
        if size and size + len(row.body) > RUN_BYTES:
            yield rows[start:at]
            start, size = at, 0
        size += len(row.body)
    if rows:
        yield rows[start:]


async def _proven(log: Log, bus: Bus, replicas: int) -> tuple[str, int]:
    """The log's id, and the last position that JetStream holds."""
    head = await log.head()
    first = max(1, head.position - REFILLED + 1)
    stream = await ensure_stream(bus, str(head.log_id), first, replicas)
    head = await log.head()  # again: a rival may have carried what was appended meanwhile
    if stream.log_id != str(head.log_id) or stream.last > head.position:
        raise ForeignStream
    if stream.messages and not await _same_tail(log, bus, stream):
        raise ForeignStream
    return stream.log_id, stream.last


async def _same_tail(log: Log, bus: Bus, stream: Stream) -> bool:
    message = await message_at(bus, stream.last)
    if message is None:
        raise Unproven
    told, row = frame(message), (await log.page(stream.last - 1, 1))[0]
    return (told.log, told.position, told.recorded, told.body) == (
        stream.log_id,
        row.position,
        microseconds(row.recorded_at),
        row.body,
    )
