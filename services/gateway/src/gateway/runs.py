"""Runs: all of the caller's, one, and those of one schedule in the shapes of the sources."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from gateway import reads
from gateway.freshness import fresh
from gateway.paging import Page, page, short_page
from gateway.problems import RunNotFound
from gateway.reads import RunFilter
from gateway.schedules import Id
from gateway.site import Here, Signed, Site
from gateway.tokens import Caller
from gateway.views.rows import ENDED, RunRow, RunStatus
from gateway.wire import history
from gateway.wire.invalid import wrong
from gateway.wire.run import (
    SYNONYMS,
    Executions,
    HistoryItems,
    Run,
    RunDetail,
    Runs,
    detailed,
    history_item,
    shown,
)

router = APIRouter(tags=["runs"], dependencies=[Depends(fresh)])

Pages: TypeAlias = Annotated[Page, Depends(page)]
ShortPages: TypeAlias = Annotated[Page, Depends(short_page)]


def statuses(
    status: Annotated[str | None, Query(description="One or more, separated by commas")] = None,
) -> list[RunStatus] | None:
    """The filter in our vocabulary. Raises Invalid for a word that is no status."""
    if status is None:
        return None
    words = [word.strip() for word in status.split(",")]
    for word in words:
        if word not in SYNONYMS:
            raise wrong("status", f"Unknown status {word}")
    return sorted({SYNONYMS[word] for word in words})


def with_skipped(
    statuses: Annotated[list[RunStatus] | None, Depends(statuses)],
    include: Annotated[str | None, Query(description="`skipped`: also those without a run")] = None,
) -> bool:
    return include == "skipped" or "skipped" in (statuses or ())


Statuses: TypeAlias = Annotated[list[RunStatus] | None, Depends(statuses)]
Skipped: TypeAlias = Annotated[bool, Depends(with_skipped)]


def run_id(run_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    try:
        return UUID(run_id)
    except ValueError:
        raise RunNotFound from None


RunId: TypeAlias = Annotated[UUID, Depends(run_id)]


@router.get("/api/runs")
async def listing(
    site: Here,
    caller: Signed,
    page: Pages,
    statuses: Statuses,
    skipped: Skipped,
    schedule_id: UUID | None = None,
    agent: str | None = None,
) -> Runs:
    """The caller's runs, newest first, also those of schedules that are gone."""
    wanted = RunFilter(schedule_id, statuses, skipped, agent)
    found, count = await reads.runs(site.log.pool, caller.user_id, wanted, page)
    rows, following = page.cut(found)
    return Runs(runs=await _shown(site, rows), count=count, next_cursor=following)


@router.get("/api/runs/{run_id}")
async def read(site: Here, caller: Signed, run_id: RunId) -> RunDetail:
    """One run with its results and what was answered."""
    row = await reads.run(site.log.pool, caller.user_id, run_id)
    calls = await reads.calls(site.log.pool, [row])
    return detailed(row, calls[row.run_id])


@router.get("/api/schedules/{schedule_id}/runs")
async def of_schedule(
    site: Here,
    caller: Signed,
    schedule_id: Id,
    page: ShortPages,
    statuses: Statuses,
    skipped: Skipped,
) -> Runs:
    """The runs of one schedule, newest first."""
    rows, count, following = await _of(site, caller, schedule_id, page, statuses, skipped)
    return Runs(runs=await _shown(site, rows), count=count, next_cursor=following)


@router.get("/api/schedules/{schedule_id}/executions")
async def executions(
    site: Here,
    caller: Signed,
    schedule_id: Id,
    page: ShortPages,
    statuses: Statuses,
    skipped: Skipped,
) -> Executions:
    """The same under the name of executions."""
    rows, count, following = await _of(site, caller, schedule_id, page, statuses, skipped)
    return Executions(executions=await _shown(site, rows), count=count, next_cursor=following)


@router.get("/api/schedules/{schedule_id}/history")
async def history_of(
    site: Here,
    caller: Signed,
    schedule_id: Id,
    page: ShortPages,
    statuses: Statuses,
    skipped: Skipped,
) -> HistoryItems:
    """The same in short."""
    rows, count, following = await _of(site, caller, schedule_id, page, statuses, skipped)
    return HistoryItems(
        items=[history_item(row) for row in rows], count=count, next_cursor=following
    )


@router.get("/api/history")
async def records(site: Here, caller: Signed, page: ShortPages) -> history.Records:
    """Every finished run, newest first, with its results."""
    wanted = RunFilter(statuses=sorted(ENDED))
    found, count = await reads.runs(site.log.pool, caller.user_id, wanted, page)
    rows, following = page.cut(found)
    calls = await reads.calls(site.log.pool, rows)
    shown = [history.recorded(row, calls[row.run_id]) for row in rows]
    return history.Records(runs=shown, count=count, next_cursor=following)


@router.get("/api/history/{run_id}")
async def record(site: Here, caller: Signed, run_id: RunId) -> history.Record:
    """One finished run."""
    row = await reads.run(site.log.pool, caller.user_id, run_id)
    if row.status not in ENDED:
        raise RunNotFound
    calls = await reads.calls(site.log.pool, [row])
    return history.recorded(row, calls[row.run_id])


async def _of(
    site: Site,
    caller: Caller,
    schedule_id: UUID,
    page: Page,
    statuses: list[RunStatus] | None,
    skipped: bool,
) -> tuple[Sequence[RunRow], int, str | None]:
    """A page of one schedule's runs. Raises ScheduleNotFound, also once it is deleted."""
    await reads.schedule(site.log.pool, caller.user_id, schedule_id)
    wanted = RunFilter(schedule_id, statuses, skipped)
    found, count = await reads.runs(site.log.pool, caller.user_id, wanted, page)
    rows, following = page.cut(found)
    return rows, count, following


async def _shown(site: Site, rows: Sequence[RunRow]) -> list[Run]:
    calls = await reads.calls(site.log.pool, rows)
    return [shown(row, calls[row.run_id]) for row in rows]
