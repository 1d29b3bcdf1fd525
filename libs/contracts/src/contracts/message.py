"""The frozen, strict base of everything that crosses a boundary."""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


class Message(BaseModel):
    """Immutable; refuses unknown fields when it is written (readers pass `extra="ignore"`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def in_utc(instant: datetime) -> datetime:
    """The same instant, carried in UTC. Raises ValueError outside the years 1970 to 9998."""
    if not 1970 <= instant.year <= 9998:
        raise ValueError("must be in the years 1970 to 9998")
    return instant if instant.tzinfo is UTC else instant.astimezone(UTC)


Instant: TypeAlias = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""An aware time, always carried in UTC; on the wire ISO 8601 ending in `Z`."""
