"""The rows of the read model, as dataclasses whose fields are the columns, in their order."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, get_args
from uuid import UUID

T = TypeVar("T")

Kind: TypeAlias = Literal["benchmark", "agent", "job"]
RunStatus: TypeAlias = Literal[
    "pending",
    "queued",
    "running",
    "success",
    "partial",
    "failed",
    "cancelled",
    "interrupted",
    "timed_out",
    "skipped",
]
STATUSES: tuple[RunStatus, ...] = get_args(RunStatus)
ENDED: frozenset[RunStatus] = frozenset(
    {"success", "partial", "failed", "cancelled", "interrupted", "timed_out"}
)


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule that exists; `position` is that of its creation, `definition` its JSON."""

    schedule_id: UUID
    owner: str
    position: int
    name: str
    kind: Kind
    agent_name: str | None
    enabled: bool
    definition: str
    next_run: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run from its trigger on, or an occurrence that was skipped.

    `position` is that of the trigger; `action` is the Resolved JSON, null until requested.
    """

    run_id: UUID
    owner: str
    position: int
    schedule_id: UUID
    schedule_name: str
    kind: Kind
    agent_name: str | None
    triggered_by: Literal["schedule", "manual"]
    nominal: datetime
    triggered_at: datetime
    status: RunStatus
    skipped: bool = False
    queued_at: datetime | None = None
    requested_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    attempt: int | None = None
    waits_for: str | None = None
    reason: str | None = None
    error: str | None = None
    in_way: UUID | None = None
    action: str | None = None


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call of a run; `call` is its JSON."""

    run_id: UUID
    call_id: UUID
    position: int
    attempt: int
    call: str


@dataclass(frozen=True, slots=True)
class Last:
    """The latest run of a schedule."""

    run_id: UUID
    at: datetime
    status: RunStatus


class Record(Protocol):
    """A row as the driver gives it."""

    def __getitem__(self, column: str, /) -> Any: ...


def row_of(kind: type[T], record: Record) -> T:
    """The dataclass from a record that has (at least) its columns."""
    return kind(**{field.name: record[field.name] for field in fields(kind)})  # pyright: ignore[reportArgumentType] - any dataclass
