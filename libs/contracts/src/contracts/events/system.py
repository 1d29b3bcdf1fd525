"""Facts about the log's own machinery."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from contracts.inventory import Inventory
from contracts.message import Message

Cap: TypeAlias = Annotated[int, Field(ge=1)]


class Limits(Message):
    """How many runs may be going at once. `per_agent` lanes run one at a time."""

    instance: Cap = 100
    per_user: Cap = 5
    per_schedule: Cap = 1
    per_provider: Cap = 20
    per_agent: Cap = 1


class DispatcherStarted(Message):
    """A dispatcher took the lease: from here on these limits and this inventory decide."""

    type: Literal["DispatcherStarted"] = "DispatcherStarted"
    schema_version: ClassVar[int] = 1
    epoch: int
    holder: str
    decider_version: int
    limits: Limits
    inventory: Inventory


SystemEvent: TypeAlias = DispatcherStarted
