"""Applies batches of the log to the tables: load what they touch, fold, write what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any, TypeAlias

import asyncpg

from eventlog.queries import load
from eventlog.store import Row
from gateway.views.fold import Folding, fold, ours, touched
from gateway.views.rows import CallRow, RunRow, ScheduleRow, row_of

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

SQL = load("gateway")


class GatewayView:
    """Schedules, runs and calls, as the routes read them."""

    name = "gateway"
    schema = "gateway"

    async def apply(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Write what these events changed, on the projection's own transaction."""
        news = [row for row in rows if ours(row)]
        if not news:
            return
        folding = await _loaded(connection, news)
        for row in news:
            fold(folding, row)
        await _written(connection, folding)


async def _loaded(connection: Connection, rows: Sequence[Row]) -> Folding:
    schedules = await connection.fetch(SQL["schedules_to_fold"], touched(rows, "schedule"))
    runs = await connection.fetch(SQL["runs_to_fold"], touched(rows, "run"))
    return Folding(
        schedules={record["schedule_id"]: row_of(ScheduleRow, record) for record in schedules},
        runs={record["run_id"]: row_of(RunRow, record) for record in runs},
    )


async def _written(connection: Connection, folding: Folding) -> None:
    after = {key: folding.schedules[key] for key in sorted(folding.dirty_schedules)}
    if kept := [schedule for schedule in after.values() if schedule]:
        await connection.execute(SQL["put_schedules"], *columns(kept))
    if gone := [key for key, schedule in after.items() if schedule is None]:
        await connection.execute(SQL["drop_schedules"], gone)
    if runs := [folding.runs[key] for key in sorted(folding.dirty_runs)]:
        await connection.execute(SQL["put_runs"], *columns(runs))
    if folding.calls:
        await connection.execute(SQL["put_calls"], *columns(folding.calls))


def columns(rows: Iterable[ScheduleRow | RunRow | CallRow]) -> list[list[Any]]:
    """One list per column, in the dataclass's order: what `unnest` takes."""
    return [list(column) for column in zip(*(astuple(row) for row in rows), strict=True)]
