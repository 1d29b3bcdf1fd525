"""The log's schedule events, applied to `schedule.due`, set by set.

What changes often (the cursor) is written apart from what is big (the definition).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from contracts.events.schedule import (
    Definition,
    OccurrencesMissed,
    ScheduleCreated,
    ScheduleDeleted,
    ScheduleToggled,
    ScheduleUpdated,
)
from eventlog.queries import load
from eventlog.store import Row
from schedule_svc.horizon import Entry, Horizon
from schedule_svc.state import MOVES, Move, after, first

SQL = load("schedule_svc")

Statement: TypeAlias = tuple[str, list[Any]]


@dataclass(slots=True)
class _Cursor:
    """Where a schedule stands after a batch; None leaves what the row has."""

    version: int
    next: datetime | None
    tzdata: str
    epoch: datetime | None = None
    enabled: bool | None = None


@dataclass(slots=True)
class _Batch:
    """What a run of events makes of the table, by schedule."""

    created: dict[UUID, tuple[str, ScheduleCreated]] = field(default_factory=dict[Any, Any])
    redefined: dict[UUID, tuple[Definition, int | None]] = field(default_factory=dict[Any, Any])
    moved: dict[UUID, _Cursor] = field(default_factory=dict[Any, Any])
    deleted: set[UUID] = field(default_factory=set[UUID])


class DueProjection:
    """Keeps the table, and tells this process's horizon at once."""

    name = "due"
    schema = "schedule"

    def __init__(self, horizon: Horizon) -> None:
        self._horizon = horizon

    async def apply(self, connection: Any, rows: Sequence[Row]) -> None:
        batch = _Batch()
        for row in rows:
            if row.stream.startswith("schedule-"):
                self._hear(batch, row)
        for statement, columns in _statements(batch):
            if columns[0]:
                await connection.execute(SQL[statement], *columns)

    def _hear(self, batch: _Batch, row: Row) -> None:
        event, owner = row.event, row.owner or ""
        if isinstance(event, ScheduleCreated):
            batch.created[event.schedule_id] = (owner, event)
            self._horizon.offer(Entry(owner, first(event)))
        elif isinstance(event, ScheduleDeleted):
            batch.deleted.add(event.schedule_id)
            self._horizon.drop(event.schedule_id)
        elif isinstance(event, MOVES):
            _move(batch, event, row)
            known = self._horizon.get(event.schedule_id)
            if known is not None and known.timing.version == row.version - 1:
                self._horizon.offer(Entry(owner, after(known.timing, event)))


def _move(batch: _Batch, event: Move, row: Row) -> None:
    schedule_id = event.schedule_id
    cursor = batch.moved.setdefault(schedule_id, _Cursor(0, None, ""))
    cursor.version, cursor.next, cursor.tzdata = row.version, event.next, event.tzdata
    if not isinstance(event, OccurrencesMissed):
        cursor.epoch = event.epoch
    if isinstance(event, ScheduleToggled):
        cursor.enabled = event.enabled
    if isinstance(event, ScheduleUpdated):
        _, spec_version = batch.redefined.get(schedule_id, (None, None))
        spec_version = row.version if "spec" in event.changed else spec_version
        batch.redefined[schedule_id] = (event.definition, spec_version)


def _statements(batch: _Batch) -> Iterator[Statement]:
    yield "due_created", _created(batch)
    ids = list(batch.redefined)
    texts = [definition.model_dump_json() for definition, _ in batch.redefined.values()]
    yield "due_redefined", [ids, texts, [version for _, version in batch.redefined.values()]]
    yield "due_moved", _moved(batch)
    yield "due_deleted", [list(batch.deleted)]


def _created(batch: _Batch) -> list[Any]:
    events = [event for _, event in batch.created.values()]
    return [
        list(batch.created),
        [owner for owner, _ in batch.created.values()],
        [event.definition.model_dump_json() for event in events],
        [event.enabled for event in events],
        [event.next for event in events],
        [event.epoch for event in events],
        [event.tzdata for event in events],
    ]


def _moved(batch: _Batch) -> list[Any]:
    cursors = list(batch.moved.values())
    return [
        list(batch.moved),
        [cursor.version for cursor in cursors],
        [cursor.next for cursor in cursors],
        [cursor.tzdata for cursor in cursors],
        [cursor.epoch for cursor in cursors],
        [cursor.enabled for cursor in cursors],
    ]
