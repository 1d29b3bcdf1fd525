"""A row survives its way over the bus, and what is not ours is told apart."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.msg import Msg

from contracts.codec import decode
from deliveries import cause, grown, requested
from eventlog.execute import append_of
from eventlog.memory import MemoryLog
from eventlog.store import Row
from eventlog.wire import frame, headers, subject

GOLDEN = {
    file.stem: file.read_bytes()
    for file in sorted((Path(__file__).parents[2] / "contract" / "golden").glob("*.json"))
}


def sent(row: Row, log_id: str = "a log") -> Msg:
    return Msg(
        _client=cast("Any", None), subject=subject(row), data=row.body, headers=headers(row, log_id)
    )


@pytest.mark.parametrize(("name", "body"), GOLDEN.items(), ids=GOLDEN)
async def test_each_kind_of_event_arrives_as_the_log_holds_it(name: str, body: bytes) -> None:
    type_, version = name.split(".v")
    envelope = decode(type_, int(version), body)
    why = replace(
        cause("key"),
        owner=envelope.owner,
        causation=envelope.causationid,
        afterposition=envelope.afterposition,
        traceparent=envelope.traceparent,
    )
    log = MemoryLog(clock=lambda: datetime(2026, 11, 20, 12, 0, 0, 123457, tzinfo=UTC))
    await log.append(append_of(envelope.subject, 0, [envelope.data], why))
    arrived = frame(sent(log.rows[0]))
    assert arrived.log == "a log"
    assert arrived.row() == log.rows[0]


@given(owner=st.one_of(st.none(), st.text(max_size=20)), pretty=st.booleans())
async def test_an_envelope_in_any_other_form_reads_the_same(
    owner: str | None, pretty: bool
) -> None:
    (row,) = (await grown(1)).rows
    envelope: dict[str, Any] = json.loads(row.body)
    envelope["owner"] = owner
    if owner is None:
        del envelope["owner"]
    body = json.dumps(envelope, indent=1 if pretty else None, ensure_ascii=False).encode()
    assert frame(sent(replace(row, body=body))).row() == replace(row, body=body, owner=owner)


async def test_a_message_without_our_headers_belongs_to_no_log() -> None:
    (row,) = (await grown(1)).rows
    message = sent(row)
    for name in headers(row, ""):
        lacking = {key: value for key, value in (message.headers or {}).items() if key != name}
        assert frame(replace(message, headers=lacking)).log == ""
    assert frame(replace(message, headers=None)).log == ""


async def test_a_body_that_is_no_envelope_is_a_value_error() -> None:
    (row,) = (await grown(1)).rows
    for body in (b"", b"{}", b"[1]", b'{"id":"x","dataschema":"a/v1","correlationid":"y"}'):
        with pytest.raises(ValueError):
            frame(sent(replace(row, body=body))).row()


async def test_a_request_decodes_to_the_event_it_carries() -> None:
    log = MemoryLog()
    await log.append(requested(3))
    assert frame(sent(log.rows[0])).row().event == log.rows[0].event
