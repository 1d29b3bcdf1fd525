"""What may be asked of a service over NATS request/reply, and how it answers.

The gateway has authenticated `owner` and `actor`; the service trusts them and nothing else.
"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import Field, TypeAdapter

from contracts.actions import Action
from contracts.events.schedule import Definition
from contracts.message import Message
from contracts.specs import Spec

Key: TypeAlias = Annotated[str, Field(min_length=1, max_length=300)]


class Command(Message):
    """Asked once per `key`: a repeated key gets the first answer and nothing happens twice."""

    owner: str
    actor: str
    key: Key
    traceparent: str | None = None


class CreateSchedule(Command):
    verb: Literal["Create"] = "Create"
    definition: Definition
    enabled: bool = True


class Change(Message):
    """Only the fields given are changed; which ones were given is `model_fields_set`."""

    name: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    description: Annotated[str, Field(max_length=5000)] | None = None
    action: Action | None = None
    spec: Spec | None = None


class UpdateSchedule(Command):
    verb: Literal["Update"] = "Update"
    schedule_id: UUID
    change: Change
    enabled: bool | None = None


class ToggleSchedule(Command):
    verb: Literal["Toggle"] = "Toggle"
    schedule_id: UUID
    enabled: bool


class DeleteSchedule(Command):
    verb: Literal["Delete"] = "Delete"
    schedule_id: UUID


class TriggerSchedule(Command):
    verb: Literal["Trigger"] = "Trigger"
    schedule_id: UUID


ScheduleCommand: TypeAlias = (
    CreateSchedule | UpdateSchedule | ToggleSchedule | DeleteSchedule | TriggerSchedule
)


class Accepted(Message):
    """Done, or nothing to do: reads at `position` or later show it."""

    ok: Literal[True] = True
    position: int
    schedule_id: UUID
    run_id: UUID | None = None


class FieldError(Message):
    field: str
    message: str


class Refused(Message):
    """Not done, and it will not be: the status is HTTP's, `detail` is what people read."""

    ok: Literal[False] = False
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None


Reply: TypeAlias = Annotated[Accepted | Refused, Field(discriminator="ok")]

REPLY: TypeAdapter[Accepted | Refused] = TypeAdapter(Reply)
