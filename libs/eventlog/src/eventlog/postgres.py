"""The log on PostgreSQL: appends through one appender, reads through a pool.

Reads are short statements over keyset pages: a long snapshot on the primary would slow every
append, since the head row's old versions could not be pruned.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import asyncpg

from eventlog.appender import Appender, OnCommit
from eventlog.beside import beside
from eventlog.lease import Lease
from eventlog.link import OUTAGES, Link
from eventlog.queries import load
from eventlog.store import Answer, Append, Head, LogUnavailable, Row

SQL = load("eventlog")

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

PAGE: Final = 1000
STREAMS: Final = 500
"""Streams asked for in one statement."""
LOST: Final = (*OUTAGES, asyncpg.InterfaceError)


class _Connection(asyncpg.Connection):
    """Keeps no session state, so nothing needs resetting between two uses."""

    def get_reset_query(self) -> str:
        return ""


def settings_of(name: str, role: str | None) -> dict[str, str]:
    """The session settings of one of our connections."""
    return {
        "application_name": name,
        "jit": "off",
        "idle_in_transaction_session_timeout": "30s",
        "transaction_timeout": "60s",
        **({"role": role} if role else {}),
    }


async def create_pool(
    dsn: str, *, role: str | None = None, size: int = 8, name: str = "tickmark"
) -> Pool:
    """A pool whose connections act as `role`. Raises OSError, asyncpg.PostgresError."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        connection_class=_Connection,
        command_timeout=30,
        server_settings=settings_of(name, role),
    )


@asynccontextmanager
async def open_log(
    dsn: str,
    *,
    role: str | None = None,
    pool_size: int = 8,
    name: str = "tickmark",
    on_commit: OnCommit | None = None,
    lease: Lease | None = None,
) -> AsyncGenerator["PostgresLog"]:
    """The log at `dsn`; under a lease, every append is fenced by its epoch.

    On leaving, what waits is appended still. Raises LogUnavailable when there is no server.
    """
    link = Link(dsn, settings_of(f"{name} appender", role), lease and (lease.role, lease.epoch))
    appender = Appender(link, on_commit)
    pool = await create_pool(dsn, role=role, size=pool_size, name=name)
    async with pool, beside(appender.run(), "appender"):
        yield PostgresLog(pool, appender)
        appender.close()


class PostgresLog:
    """Keeps the promises of `store.Log`. Reads raise LogUnavailable after a second failure."""

    def __init__(self, pool: Pool, appender: Appender) -> None:
        self.pool, self._appender = pool, appender

    async def append(self, append: Append) -> Answer:
        (answer,) = await self._appender.append_all((append,))
        return answer

    async def append_all(self, appends: Sequence[Append]) -> list[Answer]:
        return await self._appender.append_all(appends)

    async def stream(self, stream: str, after: int = 0) -> list[Row]:
        rows: list[Row] = []
        while True:
            page = await self._rows("stream", stream, after, PAGE)
            rows += page
            if len(page) < PAGE:
                return rows
            after = page[-1].version

    async def streams(self, streams: Sequence[str]) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {stream: [] for stream in streams}
        for start in range(0, len(streams), STREAMS):
            for row in await self._rows("streams", streams[start : start + STREAMS]):
                found[row.stream].append(row)
        return found

    async def page(self, after: int, limit: int = 1000) -> list[Row]:
        return await self._rows("page", after, limit)

    async def head(self) -> Head:
        ((log_id, position),) = await self._fetch("head")
        return Head(log_id, position)

    async def answered(self, key: str) -> Answer | None:
        found = await self._fetch("answered", key)
        return Answer("duplicate", *found[0]) if found else None

    async def _rows(self, query: str, *args: object) -> list[Row]:
        return [Row(*record) for record in await self._fetch(query, *args)]

    async def _fetch(self, query: str, *args: object) -> list[Any]:
        try:
            return await self.pool.fetch(SQL[query], *args)
        except LOST:
            return await self._fetch_again(query, *args)

    async def _fetch_again(self, query: str, *args: object) -> list[Any]:
        try:
            return await self.pool.fetch(SQL[query], *args)
        except LOST as lost:
            raise LogUnavailable from lost
