"""A runner instance shows that it lives, by a lease of its own; without it, its runs are lost.

The lease guards nothing by itself: what a runner says of a run that was taken from it is refused by
the run. So an instance whose lease ran out during an outage simply takes it again.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from eventlog.beside import beside
from eventlog.lease import ABSENT, Lease, Pool, alive, give_up, keep, take

log = structlog.get_logger()

GIVE_UP_WITHIN_S: Final = 1.0


def role_of(instance: str) -> str:
    return f"runner:{instance}"


async def lives(pool: Pool, instance: str) -> bool:
    """Whether this instance showed itself within its lease. Unknown counts as alive."""
    try:
        return await alive(pool, role_of(instance))
    except ABSENT:
        return True


@asynccontextmanager
async def present(pool: Pool, instance: str, ttl_s: float, every_s: float) -> AsyncGenerator[None]:
    """Hold the instance's lease from before the body until after it."""
    presence = _Presence(pool, instance, ttl_s)
    await presence.begin(every_s / 10)
    async with beside(presence.go_on(every_s), "presence") as showing:
        try:
            yield
        finally:
            showing.cancel()
            with suppress(*ABSENT):
                async with asyncio.timeout(GIVE_UP_WITHIN_S):
                    await presence.end()


class _Presence:
    def __init__(self, pool: Pool, instance: str, ttl_s: float) -> None:
        self._pool, self._instance, self._ttl_s = pool, instance, ttl_s
        self._lease: Lease | None = None

    async def begin(self, again_s: float) -> None:
        while True:
            if await self._shown():
                return
            await asyncio.sleep(again_s)

    async def go_on(self, every_s: float) -> None:
        pause = every_s
        while True:
            await asyncio.sleep(pause)
            pause = every_s if await self._shown() else every_s / 10

    async def _shown(self) -> bool:
        try:
            if self._lease is None or not await keep(self._pool, self._lease, self._ttl_s):
                role = role_of(self._instance)
                self._lease = await take(self._pool, role, self._instance, self._ttl_s)
        except ABSENT as away:
            log.warning("presence_not_shown", error=type(away).__name__)
            return False
        return self._lease is not None

    async def end(self) -> None:
        if self._lease is not None:
            await give_up(self._pool, self._lease)
