"""Leadership: a lease with an epoch, and a log that refuses an older one.

Taking a lease locks the log's head, so nothing of the old leader lies beyond the position the new
one is given. Only the server's clock decides who leads; the holder's own merely makes it stop in
time. A lease alone is no fence: what is appended under it carries its epoch.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from eventlog.beside import beside
from eventlog.queries import load

SQL = load("eventlog")

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Line: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

RETRY_S: Final = 0.1
GIVE_UP_WITHIN_S: Final = 1.0
ABSENT: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""The server did not answer, or not well; leases live on without it until they expire."""


class LeaseLost(Exception):
    """Another process may hold the lease now."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act as `role` under `epoch`; `head` was the log's last position when taken."""

    role: str
    epoch: int
    holder: str
    head: int


async def take(pool: Pool, role: str, holder: str, ttl_s: float) -> Lease | None:
    """Lead under a new epoch for `ttl_s` seconds; None while another holds the lease."""
    async with _line(pool) as line:
        row = await line.fetchrow(SQL["lease_take"], role, holder, timedelta(seconds=ttl_s))
    return Lease(role, row["epoch"], holder, row["head"]) if row else None


async def keep(pool: Pool, lease: Lease, ttl_s: float) -> bool:
    """Extend the lease to `ttl_s` seconds from now; False if it expired or is another's."""
    ttl = timedelta(seconds=ttl_s)
    async with _line(pool) as line:
        return await line.fetchval(SQL["lease_keep"], lease.role, lease.epoch, ttl)


async def give_up(pool: Pool, lease: Lease) -> None:
    """End the lease, so that the next process need not wait for it to expire."""
    async with _line(pool) as line:
        await line.execute(SQL["lease_give_up"], lease.role, lease.epoch)


async def alive(pool: Pool, role: str) -> bool:
    """Whether anyone holds the lease of `role`."""
    async with _line(pool) as line:
        return await line.fetchval(SQL["lease_alive"], role)


@asynccontextmanager
async def _line(pool: Pool) -> AsyncGenerator[Line]:
    """A connection that is dropped where its use is broken off.

    The pool would wait for the server to confirm; one that is mute must not keep a leader leading.
    """
    line = await pool.acquire()
    try:
        yield line
    except BaseException:
        line.terminate()
        raise
    finally:
        await pool.release(line)


@asynccontextmanager
async def leading(
    pool: Pool,
    role: str,
    holder: str,
    *,
    ttl_s: float = 5.0,
    keep_every_s: float = 1.5,
    try_every_s: float = 0.5,
) -> AsyncGenerator[Lease]:
    """Wait for the lease of `role`, keep it while the body runs, give it up afterwards.

    Where it cannot be kept the body is cancelled and LeaseLost raised, before `ttl_s` seconds have
    passed since it was last kept.
    """
    lease, until = await _taken(pool, role, holder, ttl_s, try_every_s)
    try:
        async with beside(
            _kept(pool, lease, until, ttl_s, keep_every_s), f"keep {role}"
        ) as keeping:
            yield lease
            keeping.cancel()
    finally:
        with suppress(*ABSENT):  # then it expires by itself
            async with asyncio.timeout(GIVE_UP_WITHIN_S):
                await give_up(pool, lease)


async def _taken(
    pool: Pool, role: str, holder: str, ttl_s: float, try_every_s: float
) -> tuple[Lease, float]:
    """The lease, and until when it surely holds by this loop's clock."""
    loop = asyncio.get_running_loop()
    while True:
        until = loop.time() + ttl_s
        with suppress(*ABSENT):
            if lease := await take(pool, role, holder, ttl_s):
                return lease, until
        await asyncio.sleep(try_every_s)


async def _kept(pool: Pool, lease: Lease, until: float, ttl_s: float, keep_every_s: float) -> None:
    while True:
        await asyncio.sleep(keep_every_s)
        until = await _extended(pool, lease, until, ttl_s)


async def _extended(pool: Pool, lease: Lease, until: float, ttl_s: float) -> float:
    """Until when it holds now. Tried again while the server is away and the lease still holds."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout_at(until):
            while True:
                began = loop.time()
                with suppress(*ABSENT):
                    if await keep(pool, lease, ttl_s):
                        return began + ttl_s
                    raise LeaseLost
                await asyncio.sleep(RETRY_S)
    except TimeoutError:
        raise LeaseLost from None
