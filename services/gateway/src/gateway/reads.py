"""The read model as the routes ask for it: one function per question, always the owner's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from eventlog.postgres import Pool
from eventlog.queries import load
from eventlog.store import Row
from gateway.paging import Page
from gateway.problems import RunNotFound, ScheduleNotFound
from gateway.views.rows import CallRow, Last, Record, RunRow, RunStatus, ScheduleRow, row_of

SQL = load("gateway")

Span: TypeAlias = tuple[datetime | None, datetime | None]
"""From (included) and to (not included); null: open."""


@dataclass(frozen=True, slots=True)
class Known:
    """A schedule with its latest run, if it ever had one."""

    row: ScheduleRow
    last: Last | None

    @property
    def position(self) -> int:
        return self.row.position


@dataclass(frozen=True, slots=True)
class ScheduleFilter:
    enabled: bool | None = None
    kind: str | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """`statuses` null: all. `skipped`: also occurrences that got no run."""

    schedule_id: UUID | None = None
    statuses: list[RunStatus] | None = None
    skipped: bool = False
    agent: str | None = None


async def schedule(pool: Pool, owner: str, schedule_id: UUID) -> Known:
    """Raises ScheduleNotFound, also for another's."""
    found = await pool.fetchrow(SQL["schedule"], owner, schedule_id)
    if found is None:
        raise ScheduleNotFound
    return _known(found)


async def schedules(
    pool: Pool, owner: str, wanted: ScheduleFilter, page: Page
) -> tuple[list[Known], int]:
    """One item more than the page has, and how many there are in all."""
    filters = (wanted.enabled, wanted.kind, wanted.agent)
    found = await pool.fetch(SQL["schedules"], owner, page.before, *filters, page.ask)
    return [_known(record) for record in found], await pool.fetchval(
        SQL["count_schedules"], owner, *filters
    )


async def run(pool: Pool, owner: str, run_id: UUID) -> RunRow:
    """Raises RunNotFound, also for another's."""
    found = await pool.fetchrow(SQL["run"], owner, run_id)
    if found is None:
        raise RunNotFound
    return row_of(RunRow, found)


async def runs(pool: Pool, owner: str, wanted: RunFilter, page: Page) -> tuple[list[RunRow], int]:
    """One item more than the page has, and how many there are in all."""
    statuses, skipped = wanted.statuses, wanted.skipped
    if wanted.schedule_id is None:
        asked = (owner, page.before, statuses, skipped, wanted.agent, page.ask)
        found = await pool.fetch(SQL["runs"], *asked)
    else:
        asked = (wanted.schedule_id, owner, page.before, statuses, skipped, page.ask)
        found = await pool.fetch(SQL["runs_of_schedule"], *asked)
    filters = (wanted.schedule_id, statuses, skipped, wanted.agent)
    count = await pool.fetchval(SQL["count_runs"], owner, *filters)
    return [row_of(RunRow, record) for record in found], count


async def calls(pool: Pool, runs: Sequence[RunRow]) -> dict[UUID, list[CallRow]]:
    """The calls of each of these runs, in the order in which they ended."""
    found: dict[UUID, list[CallRow]] = {run.run_id: [] for run in runs}
    for record in await pool.fetch(SQL["calls"], list(found)):
        found[record["run_id"]].append(row_of(CallRow, record))
    return found


async def agent_runs(
    pool: Pool,
    owner: str,
    agent: str | None,
    statuses: list[RunStatus] | None,
    span: Span,
    limit: int,
) -> list[tuple[RunRow, str | None]]:
    """Started runs of agents, newest first, each with its schedule's definition if it is there."""
    found = await pool.fetch(SQL["agent_runs"], owner, agent, statuses, *span, limit)
    return [(row_of(RunRow, record), record["definition"]) for record in found]


def _known(record: Record) -> Known:
    last = None
    if record["run_id"] is not None:
        last = Last(record["run_id"], record["triggered_at"], record["status"])
    return Known(row_of(ScheduleRow, record), last)


async def position(pool: Pool) -> int:
    """How far the read model is, whoever brought it there; 0 before it was begun."""
    return await pool.fetchval(SQL["checkpoint"]) or 0


async def backlog(pool: Pool, owner: str, after: int, until: int, limit: int) -> list[Row]:
    """The owner's events after a position, up to and with another one, oldest first."""
    found = await pool.fetch(SQL["backlog"], owner, after, until, limit)
    return [Row(*record) for record in found]
