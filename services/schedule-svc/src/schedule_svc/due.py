"""The table that says when each schedule is due, and how the clock's horizon is filled from it.

The table is a projection: it may lag or be rebuilt without harm, since a tick decided on an old
row is refused by the log.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

import asyncpg
import structlog
from pydantic import TypeAdapter

from contracts.events.schedule import Definition
from contracts.specs import Spec
from eventlog.execute import Folded
from eventlog.postgres import LOST
from eventlog.queries import load
from schedule_svc.database_clock import DatabaseClock
from schedule_svc.horizon import Entry, Horizon
from schedule_svc.state import Schedule, State, Timing

SQL = load("schedule_svc")
SOON: Final = timedelta(seconds=2)
MOST: Final = 100_000
CHUNK: Final = 500
_SPEC: Final[TypeAdapter[Spec]] = TypeAdapter(Spec)

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Owned:
    """A schedule as far as it is projected, and whose it is."""

    owner: str
    folded: Folded[State]


class DueTable:
    """Reads raise OSError, asyncpg.PostgresError."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def snapshot(self, schedule_id: UUID) -> Owned | None:
        row = await self._pool.fetchrow(SQL["snapshot"], schedule_id)
        if row is None:
            return None
        definition = Definition.model_validate_json(row["definition"])
        timing = _timing(row, definition.spec)
        return Owned(row["owner"], Folded(Schedule(definition, timing), timing.version))

    async def enabled(self) -> int:
        return await self._pool.fetchval(SQL["enabled_schedules"])

    async def fill(self, horizon: Horizon, until: datetime) -> None:
        """Offer what is due until then and not known yet."""
        soon = await self._pool.fetch(SQL["due_soon"], until, MOST)
        news = [each["schedule_id"] for each in soon if not horizon.knows(*each)]
        for start in range(0, len(news), CHUNK):
            for row in await self._pool.fetch(SQL["timings"], news[start : start + CHUNK]):
                timing = _timing(row, _SPEC.validate_json(row["spec"]))
                horizon.offer(Entry(row["owner"], timing))


def _timing(row: "asyncpg.Record", spec: Spec) -> Timing:
    return Timing(
        schedule_id=row["schedule_id"],
        spec=spec,
        enabled=row["enabled"],
        next=row["nominal"],
        epoch=row["epoch"],
        version=row["version"],
        spec_version=row["spec_version"],
    )


async def reload(
    table: DueTable, horizon: Horizon, clock: DatabaseClock, ahead: timedelta, every_s: float
) -> None:
    """Keep what is due within `ahead` in memory, and nothing else, until cancelled."""

    async def once() -> None:
        until = clock.now() + ahead
        await table.fill(horizon, until)
        horizon.forget(until)

    await _again_and_again(once, every_s)


async def poll(table: DueTable, horizon: Horizon, clock: DatabaseClock, every_s: float) -> None:
    """The backstop: whatever news was lost, a change is seen within `every_s`."""

    async def once() -> None:
        await table.fill(horizon, clock.now() + SOON)

    await _again_and_again(once, every_s)


async def _again_and_again(once: Callable[[], Awaitable[None]], every_s: float) -> None:
    while True:
        try:
            await once()
        except LOST as why:
            log.warning("due_unread", why=type(why).__name__)
        await asyncio.sleep(every_s)
