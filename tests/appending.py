"""For tests of the log: appends with short names, and a wire to the server that can be cut."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg

from contracts.events.schedule import ScheduleToggled
from eventlog.batch import Batch, Ticket
from eventlog.execute import Cause, append_of
from eventlog.store import Append, Log

NOW = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
OWNER = "0ada0ada-0ada-4ada-8ada-0ada0ada0ada"


def stream(number: int = 1) -> str:
    return f"schedule-{UUID(int=number)}"


def append(
    key: str, to: str, expected: int = 0, *, count: int = 1, request: str = "", owner: str = OWNER
) -> Append:
    """`count` events for the stream `to`, under `key`."""
    event = ScheduleToggled(
        schedule_id=UUID(int=1), enabled=True, next=None, epoch=NOW, tzdata="2026a"
    )
    cause = Cause(
        key=key,
        source="/test",
        actor=OWNER,
        owner=owner,
        time=NOW,
        correlation=UUID(int=7),
        causation=UUID(int=8),
        request=(request or key).encode(),
    )
    return append_of(to, expected, [event] * count, cause)


@dataclass(frozen=True)
class Kept:
    """A log, how to freeze it, and how to set its clock back: the time it last recorded."""

    log: Log
    freeze: Callable[[], Awaitable[None]]
    step_back: Callable[[], Awaitable[datetime]]


Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Wire:
    """A way to the server that loses what it is told to lose."""

    def __init__(self, dsn: str) -> None:
        self._there = urlsplit(dsn)
        self._lines: set[asyncio.StreamWriter] = set()
        self._port = 0
        self.dead = False
        self.lose_reply = False
        self.mute = False
        self.replies_lost = 0

    @property
    def dsn(self) -> str:
        """The same database, through the wire."""
        place = f"{self._there.username}:{self._there.password}@127.0.0.1:{self._port}"
        return urlunsplit(self._there._replace(netloc=place))

    def cut(self) -> None:
        """Every connection breaks now."""
        for line in self._lines:
            line.transport.abort()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator["Wire"]:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.cut()
            server.close()
            await server.wait_closed()

    async def _carry(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        if self.dead:
            back.transport.abort()
            return
        port = self._there.port or 5432
        answers, server = await asyncio.open_connection(self._there.hostname, port)
        self._lines |= {back, server}
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pass(client, server))
            tasks.create_task(self._pass(answers, back, replies=True))

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, replies: bool = False
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if replies and self.lose_reply:
                    self.lose_reply, self.replies_lost = False, self.replies_lost + 1
                    self.cut()
                if not (replies and self.mute):
                    sink.write(data)
        sink.close()


async def append_with(connection: Connection, *appends: Append) -> Sequence[asyncpg.Record]:
    """Append in the connection's own transaction, which stays open."""
    batch, nobody = Batch(), asyncio.get_running_loop().create_future()
    for each in appends:
        batch.add(each, Ticket(1, nobody), 0)
    numbers = ", ".join(f"${n}" for n in range(1, 16))
    query = f"select * from eventlog.append({numbers})"
    return await connection.fetch(query, None, None, *batch.columns())


async def locked_out(connection: Connection, count: int) -> None:
    """Wait until `count` others wait for a lock."""
    waiting = "select count(distinct pid) from pg_locks where not granted"
    async with asyncio.timeout(20):
        while await connection.fetchval(waiting) < count:
            pass
