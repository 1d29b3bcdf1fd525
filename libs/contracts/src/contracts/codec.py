"""Bytes <-> events, the model chosen by (type, version).

An event is encoded once; table, bus, socket and hash use these bytes.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, get_args
from uuid import UUID

from pydantic import TypeAdapter

from contracts.envelope import Envelope
from contracts.events import Event
from contracts.ids import instant_text
from contracts.message import Message
from contracts.upcasters import upcast

MODELS: dict[str, type[Message]] = {
    model.model_fields["type"].default: model for model in get_args(get_args(Event)[0])
}
"""Every event model by its type's name, at its present version."""


class UnknownEvent(Exception):
    """No model for this event type and version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """The envelope of one event, but for its type and data."""

    id: UUID
    source: str
    subject: str
    time: datetime
    actor: str
    correlationid: UUID
    owner: str | None = None
    causationid: UUID | None = None
    afterposition: int | None = None
    traceparent: str | None = None


def schema_version(event: Event) -> int:
    return type(event).schema_version


def encode(event: Event, at: Attributes) -> bytes:
    """The event's exact bytes for ever: one compact UTF-8 JSON object, in fixed order."""
    optional = {
        "owner": at.owner,
        "actor": at.actor,
        "correlationid": str(at.correlationid),
        "causationid": str(at.causationid) if at.causationid else None,
        "afterposition": at.afterposition,
        "traceparent": at.traceparent,
    }
    head = {
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "id": str(at.id),
        "source": at.source,
        "subject": at.subject,
        "type": event.type,
        "dataschema": f"{event.type}/v{schema_version(event)}",
        "time": instant_text(at.time),
        **{name: value for name, value in optional.items() if value is not None},
    }
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False)
    return b'%s,"data":%s}' % (text[:-1].encode(), event.model_dump_json(exclude={"type"}).encode())


def decode(type_: str, version: int, body: bytes) -> Envelope[Event]:
    """The typed envelope; fields a newer writer added are ignored.

    Raises UnknownEvent for a type or version without a model, ValueError for bytes that do not fit.
    """
    model = MODELS.get(type_)
    if model is None or version > (current := present(model)):
        raise UnknownEvent(f"{type_}/v{version}")
    if version < current:
        old: dict[str, Any] = json.loads(body)
        old["data"] = upcast(type_, version, old["data"], to=current)
        return _adapter(type_).validate_python(old, extra="ignore")
    return _adapter(type_).validate_json(body, extra="ignore")


def present(model: type[Message]) -> int:
    """The present schema version of an event's model."""
    return getattr(model, "schema_version")  # noqa: B009 - Message itself has none


@cache
def _adapter(type_: str) -> TypeAdapter[Envelope[Event]]:
    envelope: Any = Envelope
    return TypeAdapter(envelope[MODELS[type_]])
