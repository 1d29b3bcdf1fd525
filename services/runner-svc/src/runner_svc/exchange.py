"""One request and what came back, as stamped bytes; nothing is understood here.

What ends a call before its time (a deadline, silence, a cancellation, the peer) is a value in the
Exchange: what came until then is kept. Decoding waits until the stream has ended, so that it delays
no other call's stamps.
"""

import asyncio
import time
import zlib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpcore2
import httpx2

from measures.sse import Read
from runner_svc.connection import NotConnected, Stamps
from runner_svc.failure import Failure
from runner_svc.transport import client

LARGEST: Final = 32 * 2**20
LARGEST_REFUSAL: Final = 64 * 2**10
LINGER_S: Final = 0.25
"""How long after the terminal marker a server may take to close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One POST. `markers` are bytes that only the end of an answer can hold."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    markers: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: until connected, of silence after the first byte, and for the whole call."""

    total_s: float
    connect_s: float = 10.0
    idle_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What came back. Stamps are ns after the first request byte; None: it did not come to that.

    `broke` says what ended it before its time, else it is None.
    """

    http_status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    reads: tuple[Read, ...] = ()
    head_ns: int | None = None
    end_ns: int | None = None
    connect_ns: int | None = None
    broke: Failure | None = None

    @property
    def size(self) -> int:
        return sum(len(read.data) for read in self.reads)


class Cancellation:
    """Breaks off all calls that hang on it, now and later."""

    def __init__(self) -> None:
        self.asked = False
        self._calls = set[Callable[[], None]]()

    def ask(self) -> None:
        self.asked = True
        for end in tuple(self._calls):
            end()

    @contextmanager
    def reaches(self, end: Callable[[], None]) -> Generator[None]:
        self._calls.add(end)
        if self.asked:
            end()
        try:
            yield
        finally:
            self._calls.discard(end)


async def exchange(asked: Asked, deadlines: Deadlines, cancellation: Cancellation) -> Exchange:
    """Send it and take what comes. Nothing a provider or a network does raises."""
    wire = _Wire(asked, deadlines)
    broke: Failure | None = None
    try:
        async with asyncio.timeout(deadlines.total_s) as scope:
            with wire.watched(scope), cancellation.reaches(wire.cancel):
                await wire.converse()
    except TimeoutError:
        broke = wire.why_ended
    except NotConnected as refused:
        broke = refused.failure
    except (httpcore2.ProtocolError, httpcore2.NetworkError) as wrong:
        broke = wire.broken(wrong)
    except zlib.error:
        broke = Failure("protocol", "the answer's compression cannot be read")
    return wire.seen(broke)


class _Wire:
    """One call under way."""

    def __init__(self, asked: Asked, deadlines: Deadlines) -> None:
        self._asked, self._deadlines = asked, deadlines
        self._stamps = Stamps()
        self._http_status: int | None = None
        self._headers: dict[str, str] = {}
        self._head: int | None = None
        self._reads = list[tuple[int, bytes]]()
        self._size = 0
        self.why_ended: Failure | None = Failure(
            "timeout_total", f"not finished after {deadlines.total_s:g} s"
        )

    @contextmanager
    def watched(self, scope: asyncio.Timeout) -> Generator[None]:
        """Silence ends the scope too. One timer a call, not one a read."""
        self._scope, loop = scope, asyncio.get_running_loop()
        self._timer = loop.call_later(self._deadlines.idle_s, self._look)
        try:
            yield
        finally:
            self._timer.cancel()

    def _look(self) -> None:
        idle, arrived = self._deadlines.idle_s, self._stamps.arrived
        silent = 0.0 if arrived is None else (time.perf_counter_ns() - arrived) / 1e9
        if silent >= idle:
            self._end(Failure("timeout_idle", f"silent for {idle:g} s"))
        else:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(idle - silent, self._look)

    def cancel(self) -> None:
        self._end(Failure("cancelled", "cancelled"))

    def _end(self, why: Failure | None, after_s: float = 0.0) -> None:
        if not self._scope.expired():
            self.why_ended = why
            self._scope.reschedule(asyncio.get_running_loop().time() + after_s)

    async def converse(self) -> None:
        asked = self._asked
        async with (
            client(self._stamps, self._deadlines.connect_s) as http,
            http.stream(
                "POST", asked.url, headers=dict(asked.headers), content=asked.body
            ) as answer,
        ):
            self._head = self._stamps.taken
            self._http_status, self._headers = answer.status_code, dict(answer.headers)
            await self._take(answer, _Inflater(answer.headers.get("content-encoding", "")))

    async def _take(self, answer: httpx2.Response, inflater: "_Inflater") -> None:
        largest = LARGEST if answer.is_success else LARGEST_REFUSAL
        tail, ended = b"\n", False
        async for raw in answer.aiter_raw():
            data = inflater.inflate(raw)
            self._reads.append((self._stamps.taken or 0, data))
            self._size += len(data)
            if self._size > largest:
                return
            seen = tail + data
            if not ended and any(marker in seen for marker in self._asked.markers):
                ended = True
                self._end(None, after_s=LINGER_S)
            tail = seen[-64:]

    def broken(self, wrong: Exception) -> Failure:
        """What the peer did: closed too early, or spoke no HTTP."""
        if self._stamps.ended is None:
            return Failure("protocol", f"no proper HTTP: {wrong}")
        if self._head is None:
            return Failure("conn_reset", "the connection closed before an answer")
        return Failure("stream_cut", "the stream broke off")

    def seen(self, broke: Failure | None) -> Exchange:
        stamps, zero = self._stamps, self._stamps.sending
        if broke is not None and broke.status == "timeout_total" and self._head is None:
            broke = Failure("timeout_total", f"no answer within {self._deadlines.total_s:g} s")
        if self._size > LARGEST:
            broke = Failure("protocol", f"the answer is larger than {LARGEST >> 20} MiB")
        over = broke is None or broke.status in ("stream_cut", "protocol")
        return Exchange(
            http_status=self._http_status,
            headers=self._headers,
            reads=tuple(Read(at - (zero or 0), data) for at, data in self._reads),
            head_ns=_after(zero, self._head),
            end_ns=_after(zero, stamps.taken) if over else None,
            connect_ns=_after(stamps.connecting, stamps.connected),
            broke=broke,
        )


def _after(zero: int | None, stamp: int | None) -> int | None:
    return None if zero is None or stamp is None else stamp - zero


class _Inflater:
    """Servers that compress although they were asked not to. Raises zlib.error."""

    def __init__(self, encoding: str) -> None:
        known = encoding.strip().lower() in ("gzip", "x-gzip", "deflate")
        if not known and encoding.strip().lower() not in ("", "identity"):
            raise zlib.error(encoding)
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32) if known else None

    def inflate(self, data: bytes) -> bytes:
        return self._inflate.decompress(data, LARGEST) if self._inflate else data
