"""A TCP or TLS connection that stamps its bytes where they happen: at the socket.

Bytes are stamped when the event loop hands them over, not when a task gets round to them.
"""

import asyncio
import socket
import ssl
import time
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpcore2

from runner_svc.failure import Failure


class NotConnected(Exception):
    """There is no connection."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(slots=True)
class Stamps:
    """Moments of one call, `perf_counter_ns`; None until they come.

    `arrived` is the last read of the socket, `taken` the one whose bytes were handed out last.
    """

    connecting: int | None = None
    connected: int | None = None
    sending: int | None = None
    arrived: int | None = None
    taken: int | None = None
    ended: int | None = None


class StampBackend(httpcore2.AsyncNetworkBackend):
    """Connects within `timeout` seconds, TLS included. Raises NotConnected."""

    def __init__(self, stamps: Stamps, timeout: float) -> None:
        self._stamps, self._timeout = stamps, timeout

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> "StampStream":
        loop = asyncio.get_running_loop()
        self._stamps.connecting = time.perf_counter_ns()
        stream = StampStream(self._stamps, f"{host}:{port}", loop.time() + self._timeout)
        with _refusals(stream.where):
            async with asyncio.timeout_at(stream.deadline):
                await loop.create_connection(lambda: stream, host, port)
        self._stamps.connected = time.perf_counter_ns()
        return stream


class StampStream(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection; `data_received` stamps and queues, nothing else."""

    def __init__(self, stamps: Stamps, where: str, deadline: float) -> None:
        self.where, self.deadline = where, deadline
        self._stamps = stamps
        self._reads = deque[tuple[int, bytes]]()
        self._news = asyncio.Event()
        self._lost: Exception | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._stamps.arrived = now = time.perf_counter_ns()
        self._reads.append((now, data))
        self._news.set()

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def _end(self, exc: Exception | None) -> None:
        if self._stamps.ended is None:
            self._stamps.ended, self._lost = time.perf_counter_ns(), exc
        self._news.set()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "StampStream":
        loop, plain = asyncio.get_running_loop(), self._transport
        try:
            with _refusals(self.where):
                async with asyncio.timeout_at(self.deadline):
                    if plain is None or plain.is_closing():
                        raise ConnectionResetError
                    self._transport = await loop.start_tls(
                        plain, self, ssl_context, server_hostname=server_hostname
                    )
        except BaseException:
            await self.aclose()
            raise
        self._stamps.connected = time.perf_counter_ns()
        return self

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """All bytes of the next read, b"" at the end. Raises httpcore2.ReadError after a reset."""
        while not self._reads:
            if self._stamps.ended is not None:
                self._stamps.taken = self._stamps.ended
                if self._lost is not None:
                    raise httpcore2.ReadError(str(self._lost)) from self._lost
                return b""
            self._news.clear()
            await self._news.wait()
        self._stamps.taken, data = self._reads.popleft()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Hand over; raises httpcore2.WriteError when nobody is there any more."""
        if self._transport is None or self._transport.is_closing():
            raise httpcore2.WriteError("the connection is closed")
        if self._stamps.sending is None:
            self._stamps.sending = time.perf_counter_ns()
        self._transport.write(buffer)

    async def aclose(self) -> None:
        """At once: what is not sent yet, or not read, is of no use to anybody."""
        if self._transport is not None:
            self._transport.abort()

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return bool(self._reads) or self._stamps.ended is not None
        return self._transport.get_extra_info(info) if self._transport else None


@contextmanager
def _refusals(where: str) -> Generator[None]:
    """What an operating system says of a connection, as a status."""
    try:
        yield
    except TimeoutError:
        failure = Failure("timeout_connect", f"{where} did not answer in time")
    except ssl.SSLError as wrong:
        failure = Failure("conn_tls", f"{where}: no secure connection: {wrong.reason or wrong}")
    except (socket.gaierror, UnicodeError):
        failure = Failure("conn_dns", f"{where}: no such host")
    except (ConnectionResetError, ConnectionAbortedError, BrokenPipeError):
        failure = Failure("conn_reset", f"{where} closed the connection")
    except OSError as wrong:
        why = wrong.strerror or str(wrong)
        failure = Failure("conn_refused", f"{where} refused the connection: {why}")
    else:
        return
    raise NotConnected(failure)
