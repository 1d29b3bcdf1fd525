"""When a schedule is due: the shapes a client may send, told apart by `type`.

The instants each shape generates are computed by schedule-svc; here is only what can be written.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from contracts.durations import Duration
from contracts.message import Instant, Message


class Cron(Message):
    """Wall-clock times in a zone: five fields, minute hour day month weekday."""

    type: Literal["cron"] = "cron"
    cron: Annotated[str, Field(min_length=1, max_length=100)]
    timezone: Annotated[str, Field(max_length=64)] = "UTC"


class Every(Message):
    """Physical time: each `every` from the last anchor event, or on the fixed grid of `anchor`."""

    type: Literal["every"] = "every"
    every: Duration
    anchor: Instant | None = None


class At(Message):
    """One instant."""

    type: Literal["at"] = "at"
    at: Instant


Spec: TypeAlias = Annotated[Cron | Every | At, Field(discriminator="type")]
