"""The database's clock, by which everything is recorded, read from this process's monotonic one.

What is known is a bound: when an answer carrying database time T arrived at monotonic m, that clock
shows at least T + (n - m) at every later n. The best such bound of the last minute is `now()`; so
it is never ahead of the database, and what is fired by it is never early. The loop's own time would
not do: uvloop keeps it in whole milliseconds.
"""

import asyncio
from collections import deque
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, TypeAlias

import asyncpg
import structlog

from eventlog.postgres import LOST
from eventlog.queries import load

SQL = load("schedule_svc")
EVERY_S: Final = 1.0
MEMORY_S: Final = 60.0
STEP: Final = timedelta(milliseconds=250)

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

log = structlog.get_logger()


class DatabaseClock:
    """`now()` may be asked once `measure` has returned."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._bounds: deque[tuple[float, datetime]] = deque()

    def now(self) -> datetime:
        """What the database's clock shows at least; microseconds to a millisecond behind it."""
        return self._bounds[0][1] + timedelta(seconds=monotonic())

    def witness(self, shown: datetime, asked: float, answered: float) -> None:
        """The database showed `shown` between these two moments of the monotonic clock."""
        self.recorded(shown, asked)
        least = shown - timedelta(seconds=answered)
        while self._bounds and self._bounds[-1][1] <= least:
            self._bounds.pop()
        self._bounds.append((answered, least))
        while self._bounds[0][0] < answered - MEMORY_S:
            self._bounds.popleft()

    def recorded(self, at: datetime, asked: float) -> None:
        """Something asked for at `asked` was recorded at `at`, which bounds from above.

        Where that contradicts what was known, the database's clock was set back, or runs slower.
        """
        most = at - timedelta(seconds=asked)
        if self._bounds and self._bounds[0][1] > most:
            back = self._bounds[0][1] - most
            if back > STEP:
                log.warning("database_clock_stepped_back", by_ms=back / timedelta(milliseconds=1))
            self._bounds = deque([(monotonic(), at - timedelta(seconds=monotonic()))])

    async def measure(self) -> None:
        """Ask a few times. Raises OSError, asyncpg.PostgresError."""
        for _ in range(3):
            asked = monotonic()
            shown = await self._pool.fetchval(SQL["database_time"])
            self.witness(shown, asked, monotonic())

    async def keep(self) -> None:
        """Measure again and again; while the database is away the old bound still holds."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.measure()
            except LOST:
                log.warning("database_clock_unread")
