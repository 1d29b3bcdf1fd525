"""The runs that are not over: a projection, and what the sweep asks of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from eventlog.projection import Pool
from eventlog.queries import load
from eventlog.store import Row
from runner_svc.run import ENDS

SQL = load("runner_svc")

TYPES: Final = ENDS | {"RunRequested", "RunStarted", "RunInterrupted", "RunCancelRequested"}


class OpenRuns:
    """Kept by any number of runners together."""

    name = "open_runs"
    schema = "runner"

    async def apply(self, connection: Any, rows: Sequence[Row]) -> None:
        for row in rows:
            if row.stream.startswith("run-") and row.type in TYPES:
                await connection.execute(*_statement(row))


def _statement(row: Row) -> tuple[Any, ...]:
    """What one event changes. Only two of them are read; the others' types say enough."""
    run_id = UUID(row.stream.removeprefix("run-"))
    match row.type:
        case "RunRequested":
            return SQL["requested"], run_id, row.position, row.recorded_at
        case "RunStarted":
            return SQL["started"], run_id, row.recorded_at, getattr(row.event, "runner", None)
        case "RunCancelRequested":
            return SQL["cancel_asked"], run_id
        case "RunInterrupted" if not getattr(row.event, "final", True):
            return SQL["released"], run_id
        case _:
            return SQL["over"], run_id


async def waiting(pool: Pool, since: datetime, most: int) -> list[UUID]:
    """Runs that nobody started and that were requested before `since`, oldest first."""
    return [row["run_id"] for row in await pool.fetch(SQL["waiting"], since, most)]


async def runners(pool: Pool) -> list[str]:
    """The instances that hold runs."""
    return [row["runner"] for row in await pool.fetch(SQL["runners"])]


async def held_by(pool: Pool, runner: str) -> list[UUID]:
    """That instance's runs, oldest first."""
    return [row["run_id"] for row in await pool.fetch(SQL["held_by"], runner)]


async def cancels(pool: Pool, runner: str) -> list[UUID]:
    """That instance's runs that somebody wants to end."""
    return [row["run_id"] for row in await pool.fetch(SQL["cancels"], runner)]
