"""Every event, in the past tense, told apart by `type`; one model per (type, version)."""

from typing import Annotated, TypeAlias

from pydantic import Field

from contracts.events.run import RunEvent
from contracts.events.schedule import ScheduleEvent
from contracts.events.system import SystemEvent
from contracts.events.user import UserEvent

Event: TypeAlias = Annotated[
    ScheduleEvent | RunEvent | UserEvent | SystemEvent, Field(discriminator="type")
]
