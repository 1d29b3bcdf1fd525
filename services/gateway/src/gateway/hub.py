"""One feed of the log for the whole process, and the outbox of each client that listens.

Joining is one step without a pause: a client that has read the ring to its end gets every later
frame through its outbox, and none before.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from eventlog.store import Head, Row
from gateway.ring import Frame, Ring, frame_of
from gateway.settings import Gateway


class Outbox:
    """What waits to be sent to one client. `full` is set for good once it takes too long."""

    def __init__(self, owner: str, max_bytes: int) -> None:
        self.owner, self.full = owner, asyncio.Event()
        self._max_bytes, self._after, self._bytes = max_bytes, 0, 0
        self._frames: deque[Frame] = deque()
        self._news = asyncio.Event()

    def start(self, after: int) -> None:
        """Take nothing up to this position; forget what waits."""
        self._after, self._bytes = after, 0
        self._frames.clear()

    def offer(self, frame: Frame) -> None:
        if frame.position <= self._after or self.full.is_set():
            return
        self._frames.append(frame)
        self._bytes += len(frame.text)
        if self._bytes > self._max_bytes:
            self.full.set()
        self._news.set()

    def wake(self) -> None:
        """Let `take` return, also with nothing."""
        self._news.set()

    async def take(self, within_s: float) -> Frame | None:
        """The next frame, waited for; null if there is none."""
        if not self._frames:
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._news.wait()
        if not self._frames:
            return None
        frame = self._frames.popleft()
        self._bytes -= len(frame.text)
        return frame


class Hub:
    """The ring and who listens to it."""

    def __init__(self, head: Head, settings: Gateway) -> None:
        self.log_id: UUID = head.log_id
        self.ring = Ring(head.position, settings.ring_frames, settings.ring_bytes)
        self._joined: defaultdict[str, set[Outbox]] = defaultdict(set)
        self._sockets: defaultdict[str, int] = defaultdict(int)

    def publish(self, rows: Sequence[Row]) -> None:
        """Frame these events, keep them, and offer each to its owner's clients."""
        for row in rows:
            frame = frame_of(self.log_id, row)
            self.ring.add(frame)
            for outbox in self._joined.get(frame.owner or "", ()):
                outbox.offer(frame)

    def join(self, outbox: Outbox, after: int) -> None:
        """From now on every frame of its owner after this position is offered to it."""
        outbox.start(after)
        self._joined[outbox.owner].add(outbox)

    def leave(self, outbox: Outbox) -> None:
        joined = self._joined[outbox.owner]
        joined.discard(outbox)
        if not joined:
            del self._joined[outbox.owner]

    def arrive(self, owner: str, most: int) -> bool:
        """Count one more socket of this user, unless that would be too many."""
        if self._sockets[owner] >= most:
            return False
        self._sockets[owner] += 1
        return True

    def depart(self, owner: str) -> None:
        self._sockets[owner] -= 1
        if not self._sockets[owner]:
            del self._sockets[owner]
