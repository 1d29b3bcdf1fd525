"""A log in memory, with the same promises: the fake that ships beside the real thing."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from eventlog.store import ANY, Answer, Append, Head, LogFrozen, LogUnavailable, Row

_ID = UUID(int=1)
_START = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryLog:
    """`clock` gives the recorded time of each append; never earlier than the one before.

    `wake` is set after each append, for readers that wait for news. Set `down` or `frozen`, and it
    refuses as a log without a server, or one stopped by an operator, does.
    """

    def __init__(self, log_id: UUID = _ID, clock: Callable[[], datetime] = lambda: _START) -> None:
        self.log_id, self._clock, self._last = log_id, clock, _START
        self.rows: list[Row] = []
        self._streams: defaultdict[str, list[Row]] = defaultdict(list)
        self._keys: dict[str, tuple[bytes, Answer]] = {}
        self.wake = asyncio.Event()
        self.down = self.frozen = False

    async def append(self, append: Append) -> Answer:
        if self.down:
            raise LogUnavailable
        if self.frozen:
            raise LogFrozen
        self._last = max(self._last, self._clock())
        return self._seen(append) or self._store(append)

    async def append_all(self, appends: Sequence[Append]) -> list[Answer]:
        return [await self.append(append) for append in appends]

    async def stream(self, stream: str, after: int = 0) -> list[Row]:
        return self._streams.get(stream, [])[after:]

    async def streams(self, streams: Sequence[str]) -> dict[str, list[Row]]:
        return {stream: await self.stream(stream) for stream in streams}

    async def page(self, after: int, limit: int = 1000) -> list[Row]:
        return self.rows[after : after + limit]

    async def head(self) -> Head:
        return Head(self.log_id, len(self.rows))

    async def answered(self, key: str) -> Answer | None:
        known = self._keys.get(key)
        return known and known[1]

    def _seen(self, append: Append) -> Answer | None:
        known = self._keys.get(append.key)
        version = len(self._streams.get(append.stream, []))
        if known is not None:
            status = "duplicate" if known[0] == append.request_hash else "key_reused"
            return Answer(status, known[1].first, known[1].last, version, self._last)
        if append.expected == version or (append.expected == ANY and version > 0):
            return None
        return Answer("conflict", None, None, version, self._last)

    def _store(self, append: Append) -> Answer:
        if not append.events:
            version = len(self._streams.get(append.stream, []))
            return Answer("ok", None, None, version, self._last)
        stream = self._streams[append.stream]
        first = len(self.rows) + 1
        for event in append.events:
            row = Row(
                position=len(self.rows) + 1,
                stream=append.stream,
                version=len(stream) + 1,
                id=event.id,
                type=event.type,
                schema_version=event.schema_version,
                owner=event.owner,
                correlation=event.correlation,
                causation=event.causation,
                recorded_at=self._last,
                body=event.body,
            )
            stream.append(row)
            self.rows.append(row)
        answer = Answer("ok", first, len(self.rows), len(stream), self._last)
        self._keys[append.key] = (
            append.request_hash,
            Answer("duplicate", first, answer.last, answer.version, self._last),
        )
        self.wake.set()
        return answer
