"""Names and numbers hold for all of an owner's schedules, so they are reserved before the append.

A reservation is given back when the append is refused. What a process that died has left behind is
found when it is in another's way, and taken over after a while.
"""

from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

import asyncpg

from eventlog.queries import load
from schedule_svc.refusals import NameTaken, TooManySchedules

SQL = load("schedule_svc")
STALE: Final = timedelta(seconds=30)

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class Names:
    """`limit` is how many schedules one owner may have, disabled ones too."""

    def __init__(self, pool: Pool, limit: int) -> None:
        self._pool, self._limit = pool, limit

    async def for_new(self, owner: str, name: str, schedule_id: UUID, now: datetime) -> None:
        """Reserve name and place of a new schedule. Raises NameTaken, TooManySchedules."""
        await self._reserve(owner, name, schedule_id, self._limit, now)

    async def for_renamed(self, owner: str, name: str, schedule_id: UUID, now: datetime) -> None:
        """Reserve a second name for a schedule there is. Raises NameTaken."""
        await self._reserve(owner, name, schedule_id, None, now)

    async def release(self, owner: str, name: str, schedule_id: UUID, now: datetime) -> None:
        """The append was refused: what was reserved at `now` is free again."""
        await self._pool.execute(SQL["name_release"], owner, name, schedule_id, now)

    async def settle(self, name: str, schedule_id: UUID) -> None:
        """The schedule was renamed: it bears this name, and no other."""
        await self._pool.execute(SQL["name_settle"], schedule_id, name)

    async def free(self, schedule_id: UUID) -> None:
        """The schedule is gone."""
        await self._pool.execute(SQL["names_free"], schedule_id)

    async def _reserve(
        self, owner: str, name: str, schedule_id: UUID, limit: int | None, now: datetime
    ) -> None:
        asked = (owner, name, schedule_id, limit, now, now - STALE)
        match await self._pool.fetchval(SQL["name_reserve"], *asked):
            case "taken":
                raise NameTaken
            case "full":
                raise TooManySchedules(self._limit)
            case _:
                return
