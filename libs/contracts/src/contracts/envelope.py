"""CloudEvents 1.0 attribute names around an event: what is known before the append.

Position, version and recorded time are added by the log, in front of these bytes, never inside.
"""

from typing import Generic, Literal, TypeVar
from uuid import UUID

from contracts.message import Instant, Message

E = TypeVar("E")


class Envelope(Message, Generic[E]):
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"
    id: UUID
    source: str
    subject: str
    type: str
    dataschema: str
    time: Instant
    owner: str | None = None
    actor: str
    correlationid: UUID
    causationid: UUID | None = None
    afterposition: int | None = None
    traceparent: str | None = None
    data: E
