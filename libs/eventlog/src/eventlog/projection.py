"""A read model that keeps up with the log: its effect and its checkpoint commit together.

Any number of processes may keep the same one up: whoever moves the checkpoint first applies the
batch, the others see that it is done and go on behind it. A failing event stops the projection; it
is never skipped.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

import asyncpg

from eventlog.bus import Bus
from eventlog.link import OUTAGES
from eventlog.queries import load
from eventlog.store import Log, LogUnavailable, Row
from eventlog.tail import OtherLog, follow

logger = logging.getLogger(__name__)

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

RETRY_S: Final = (0.05, 2.0)
_AWAY: Final = (*OUTAGES, LogUnavailable)


class Projection(Protocol):
    """What is kept, and in which schema, whose `checkpoints` table says how far."""

    @property
    def name(self) -> str: ...
    @property
    def schema(self) -> str: ...
    async def apply(self, connection: Any, rows: Sequence[Row]) -> None:
        """Apply contiguous events inside the transaction that moves the checkpoint."""
        ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The generation that is read, the log it follows, and the last position applied."""

    generation: int
    log_id: UUID
    position: int


async def project(
    projection: Projection,
    pool: Pool,
    log: Log,
    bus: Bus | None,
    *,
    on_applied: Callable[[int], None] | None = None,
    batch: int = 500,
) -> None:
    """Run until cancelled; `on_applied` gets each position reached, by us or by a rival.

    A server that is away is waited for. Raises what `apply` raises, and OtherLog when the read
    model belongs to another log and must be rebuilt.
    """
    keeping = _Keeping(projection, pool, log, on_applied or (lambda _: None))
    retry = RETRY_S[0]
    while True:
        try:
            await keeping.begin()
            async with aclosing(follow(log, bus, keeping.at.position, batch=batch)) as news:
                async for rows in news:
                    await keeping.apply(rows)
                    retry = RETRY_S[0]
        except _WentBack:
            logger.warning("projection %s begins again further back", projection.name)
        except _AWAY as why:
            logger.warning("projection %s waits: %s", projection.name, type(why).__name__)
            await asyncio.sleep(retry)
            retry = min(2 * retry, RETRY_S[1])


class _WentBack(Exception):
    """The live checkpoint stands before the events at hand."""


class _Keeping:
    at: Checkpoint

    def __init__(
        self, projection: Projection, pool: Pool, log: Log, on_applied: Callable[[int], None]
    ) -> None:
        self._projection, self._pool, self._log = projection, pool, log
        self._on_applied = on_applied
        self._sql = {
            name: text.replace("{schema}", projection.schema)
            for name, text in load("eventlog", "checkpoints.sql").items()
        }

    async def begin(self) -> None:
        """Where the read model stands. Raises OtherLog."""
        log_id = (await self._log.head()).log_id
        await self._pool.execute(self._sql["checkpoint_begin"], self._projection.name, log_id)
        await self._reload()
        if self.at.log_id != log_id:
            raise OtherLog

    async def apply(self, rows: Sequence[Row]) -> None:
        """Bring the read model to the last of `rows`, unless a rival already has."""
        while rows := [row for row in rows if row.position > self.at.position]:
            if rows[0].position > self.at.position + 1:
                raise _WentBack
            if await self._applied(rows):
                self._reached(replace(self.at, position=rows[-1].position))
            else:
                await self._reload()

    async def _applied(self, rows: Sequence[Row]) -> bool:
        at = self.at
        step = (self._projection.name, at.generation, at.log_id, at.position, rows[-1].position)
        async with self._pool.acquire() as connection:
            try:
                async with connection.transaction():
                    moved = await connection.execute(self._sql["checkpoint_advance"], *step)
                    if moved == "UPDATE 1":
                        await self._projection.apply(connection, rows)
            except asyncpg.InterfaceError as error:
                if _gone(connection):
                    raise LogUnavailable from error
                raise
        return moved == "UPDATE 1"

    async def _reload(self) -> None:
        row = await self._pool.fetchrow(self._sql["checkpoint"], self._projection.name)
        if row is None:
            raise LookupError(f"{self._projection.name}: no live checkpoint")
        self._reached(Checkpoint(row["generation"], row["log_id"], row["position"]))

    def _reached(self, at: Checkpoint) -> None:
        self.at = at
        self._on_applied(at.position)


def _gone(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # the pool took a dead one away from us
        return True
