"""An event on the bus: its subject, four headers in front, and the exact bytes of its body.

A `Frame` is what arrived, still undecoded; `row()` makes the log's row of it. The columns are read
from the envelope's head, which our encoder writes in one fixed order; any other order takes the
slow way through JSON.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from nats.aio.msg import Msg

from contracts.subjects import event_subject
from eventlog.store import Row

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TEXT: Final = rb'"[^"\\]*"'
_UUID: Final = rb'"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"'
_HEAD: Final = re.compile(
    rb'\{"specversion":"1\.0","datacontenttype":"application/json","id":' + _UUID
    + rb',"source":' + _TEXT + rb',"subject":' + _TEXT + rb',"type":' + _TEXT
    + rb',"dataschema":"[^"\\]*/v(\d+)","time":' + _TEXT
    + rb'(?:,"owner":"([^"\\]*)")?,"actor":' + _TEXT
    + rb',"correlationid":' + _UUID
    + rb'(?:,"causationid":' + _UUID + rb")?"
    + rb',"(?:afterposition|traceparent|data)":'
)  # fmt: skip


def subject(row: Row) -> str:
    return event_subject(row.stream, row.type)


def microseconds(at: datetime) -> int:
    """Since 1970, exact."""
    return (at - _EPOCH) // _MICROSECOND


def headers(row: Row, log_id: str) -> dict[str, str]:
    """What the log knows of the event and its body does not: four headers, ASCII."""
    return {
        "Tm-Log": log_id,
        "Tm-Position": str(row.position),
        "Tm-Version": str(row.version),
        "Tm-Recorded": str(microseconds(row.recorded_at)),
    }


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it arrived. `log` is empty where the headers are not ours."""

    log: str
    position: int
    version: int
    recorded: int
    subject: str
    body: bytes

    @property
    def stream(self) -> str:
        _, category, name, _ = self.subject.split(".")
        return f"{category}-{name}"

    @property
    def type(self) -> str:
        return self.subject.rpartition(".")[2]

    @property
    def recorded_at(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.recorded)

    def row(self) -> Row:
        """The row the log holds at this position. Raises ValueError for a body that is no event."""
        id_, schema, owner, correlation, causation = _columns(self.body)
        return Row(
            position=self.position,
            stream=self.stream,
            version=self.version,
            id=id_,
            type=self.type,
            schema_version=schema,
            owner=owner,
            correlation=correlation,
            causation=causation,
            recorded_at=self.recorded_at,
            body=self.body,
        )


def frame(message: Msg) -> Frame:
    """The frame a message carries."""
    told = message.headers or {}
    try:
        return Frame(
            log=told["Tm-Log"],
            position=int(told["Tm-Position"]),
            version=int(told["Tm-Version"]),
            recorded=int(told["Tm-Recorded"]),
            subject=message.subject,
            body=message.data,
        )
    except (KeyError, ValueError):
        return Frame("", 0, 0, 0, message.subject, message.data)


def _columns(body: bytes) -> tuple[UUID, int, str | None, UUID, UUID | None]:
    head = _HEAD.match(body)
    if head is None:
        return _columns_slowly(body)
    id_, schema, owner, correlation, causation = head.groups()
    return (
        UUID(id_.decode()),
        int(schema),
        None if owner is None else owner.decode(),
        UUID(correlation.decode()),
        None if causation is None else UUID(causation.decode()),
    )


def _columns_slowly(body: bytes) -> tuple[UUID, int, str | None, UUID, UUID | None]:
    try:
        envelope: dict[str, Any] = json.loads(body)
        causation = envelope.get("causationid")
        return (
            UUID(envelope["id"]),
            int(envelope["dataschema"].rpartition("/v")[2]),
            envelope.get("owner"),
            UUID(envelope["correlationid"]),
            None if causation is None else UUID(causation),
        )
    except (KeyError, TypeError, AttributeError) as missing:
        raise ValueError("no CloudEvents envelope") from missing
