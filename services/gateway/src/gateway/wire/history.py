"""Finished runs in the shape of a benchmark's history."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from gateway.views.rows import CallRow, RunRow, RunStatus
from gateway.wire.result import Result
from gateway.wire.run import OUTCOMES, Origin, Outcome, shown
from gateway.wire.schedule import Shape


class Record(Shape):
    """A finished run; a partly failed one shows as `failed`, its `outcome` tells."""

    id: UUID
    timestamp: datetime
    prompt: str | None
    context_tiers: tuple[int, ...]
    metadata: Origin
    max_tokens: int | None
    temperature: float | None
    warmup: bool
    status: RunStatus
    outcome: Outcome | None
    error: str | None
    results: Sequence[Result]


class Records(Shape):
    runs: Sequence[Record]
    count: int
    next_cursor: str | None


def recorded(row: RunRow, calls: Iterable[CallRow]) -> Record:
    run = shown(row, calls)
    return Record(
        id=run.id,
        timestamp=run.created_at,
        prompt=run.prompt,
        context_tiers=(0,),
        metadata=run.metadata,
        max_tokens=run.max_tokens,
        temperature=run.temperature,
        warmup=False,
        status="failed" if run.status == "partial" else run.status,
        outcome=OUTCOMES.get(run.status),
        error=run.error,
        results=run.results,
    )
