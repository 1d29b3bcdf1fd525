"""Appends that go to the store together, and who waits for their answers."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from eventlog.store import Answer, Append

MOST: Final = 256
"""Appends in one batch."""
MOST_BYTES: Final = 1_000_000
"""Bytes of bodies in one batch; a larger append goes alone."""


class Ticket:
    """One caller, who gets all answers together or the first error."""

    __slots__ = ("_answers", "_left", "future")

    def __init__(self, size: int, future: asyncio.Future[list[Answer]]) -> None:
        self._answers: list[Any] = [None] * size
        self._left = size
        self.future = future

    def answer(self, index: int, answer: Answer) -> None:
        self._answers[index] = answer
        self._left -= 1
        if not self._left and not self.future.done():
            self.future.set_result(self._answers)

    def fail(self, error: BaseException | type[BaseException]) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Batch:
    """Each stream and each key at most once: the store looks all of them up at the start."""

    __slots__ = ("_keys", "_streams", "appends", "size", "waiting")

    def __init__(self) -> None:
        self.appends: list[Append] = []
        self.waiting: list[tuple[Ticket, int]] = []
        self.size = 0
        self._keys: set[str] = set()
        self._streams: set[str] = set()

    def fits(self, append: Append) -> bool:
        """Whether it may join; an empty batch takes anything."""
        return not self.appends or (
            len(self.appends) < MOST
            and self.size + append.size <= MOST_BYTES
            and append.stream not in self._streams
            and append.key not in self._keys
        )

    def add(self, append: Append, ticket: Ticket, index: int) -> None:
        self.appends.append(append)
        self.waiting.append((ticket, index))
        self.size += append.size
        self._keys.add(append.key)
        self._streams.add(append.stream)

    def columns(self) -> tuple[list[Any], ...]:
        """One list per parameter of the append function: five per append, eight per event."""
        appends = self.appends
        events = [event for append in appends for event in append.events]
        return (
            [a.key for a in appends],
            [a.request_hash for a in appends],
            [a.stream for a in appends],
            [a.expected for a in appends],
            [len(a.events) for a in appends],
            [no for no, a in enumerate(appends, 1) for _ in a.events],
            [e.id for e in events],
            [e.type for e in events],
            [e.schema_version for e in events],
            [e.owner for e in events],
            [e.correlation for e in events],
            [e.causation for e in events],
            [e.body for e in events],
        )

    def split(self) -> list["Batch"]:
        """Each append alone, in order."""
        alone: list[Batch] = []
        for append, (ticket, index) in zip(self.appends, self.waiting, strict=True):
            batch = Batch()
            batch.add(append, ticket, index)
            alone.append(batch)
        return alone

    def resolve(self, answers: Sequence[Answer]) -> None:
        """Hand out one answer per append. Raises ValueError where the store gave another count."""
        for (ticket, index), answer in zip(self.waiting, answers, strict=True):
            ticket.answer(index, answer)

    def fail(self, error: BaseException | type[BaseException]) -> None:
        for ticket, _ in self.waiting:
            ticket.fail(error)
