"""What happened to a schedule. `next` is the first unanswered nominal instant, or null."""

from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.actions import Action
from contracts.message import Instant, Message
from contracts.specs import Spec

Cause: TypeAlias = Literal["clock", "manual"]
MissReason: TypeAlias = Literal["coalesced", "late", "disabled", "deleted"]


class Definition(Message):
    """What a user wrote: the whole of it stands in each event that changes it."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    description: Annotated[str, Field(max_length=5000)] | None = None
    action: Action
    spec: Spec


class ScheduleCreated(Message):
    """A schedule exists from here on; its first span opens at `next`."""

    type: Literal["ScheduleCreated"] = "ScheduleCreated"
    schema_version: ClassVar[int] = 1
    schedule_id: UUID
    definition: Definition
    enabled: bool
    next: Instant | None
    epoch: Instant
    tzdata: str


class ScheduleUpdated(Message):
    """The definition changed; `changed` names its fields. A new timing opens a new span."""

    type: Literal["ScheduleUpdated"] = "ScheduleUpdated"
    schema_version: ClassVar[int] = 1
    schedule_id: UUID
    definition: Definition
    changed: tuple[str, ...]
    next: Instant | None
    epoch: Instant
    tzdata: str


class ScheduleToggled(Message):
    """Enabled: the next instant is computed from now. Disabled: there is none."""

    type: Literal["ScheduleToggled"] = "ScheduleToggled"
    schema_version: ClassVar[int] = 1
    schedule_id: UUID
    enabled: bool
    next: Instant | None
    epoch: Instant
    tzdata: str


class ScheduleTriggered(Message):
    """A run is due. From the clock it is a tick, and holds nothing of the replica or the moment."""

    type: Literal["ScheduleTriggered"] = "ScheduleTriggered"
    schema_version: ClassVar[int] = 1
    schedule_id: UUID
    run_id: UUID
    cause: Cause
    nominal: Instant
    due: Instant
    next: Instant | None
    epoch: Instant
    spec_version: int
    tzdata: str
    late: bool = False


class OccurrencesMissed(Message):
    """The nominal instants `first`..`last` (both included) get no run, for this reason."""

    type: Literal["OccurrencesMissed"] = "OccurrencesMissed"
    schema_version: ClassVar[int] = 1
    schedule_id: UUID
    first: Instant
    last: Instant
    count: Annotated[int, Field(ge=1, le=10_000)]
    reason: MissReason
    into: Instant | None = None
    next: Instant | None
    spec_version: int
    tzdata: str
    instants_sha256: str
    instants: Annotated[tuple[Instant, ...], Field(max_length=50)] = ()


class ScheduleDeleted(Message):
    """The schedule is gone; its past runs stay."""

    type: Literal["ScheduleDeleted"] = "ScheduleDeleted"
    schema_version: ClassVar[int] = 1
    schedule_id: UUID
    name: str


ScheduleEvent: TypeAlias = (
    ScheduleCreated
    | ScheduleUpdated
    | ScheduleToggled
    | ScheduleTriggered
    | OccurrencesMissed
    | ScheduleDeleted
)
