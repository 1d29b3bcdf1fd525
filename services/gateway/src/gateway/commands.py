"""Asking schedule-svc: each command once per key, asked again while nobody answers.

A key makes a repeated command harmless, so a service that restarts costs the client a moment, not
an error.
"""

import asyncio
import json
from typing import Annotated, Any, Final

from fastapi import Header
from pydantic import ValidationError

from chassis import ids
from contracts.commands import REPLY, Accepted, Refused, ScheduleCommand, UpdateSchedule
from contracts.subjects import command_subject
from eventlog.bus import AnswerFailed, Bus, BusUnavailable
from gateway.problems import ByService
from gateway.wire.invalid import Names, renamed

PATIENCE_S: Final = 3.0
ANSWER_S: Final = 2.0
PAUSE_S: Final = 0.1


async def idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="Repeat a request under the same key and nothing happens twice",
        ),
    ] = None,
) -> str:
    """The client's key, or a fresh one for a request that is not going to be repeated."""
    return idempotency_key or str(ids.fresh())


async def ask(bus: Bus, command: ScheduleCommand, names: Names | None = None) -> Accepted:
    """What schedule-svc did. Raises ByService, BusUnavailable, AnswerFailed."""
    subject, payload = command_subject("schedule", command.verb), encoded(command)
    answer = await _patiently(bus, subject, payload)
    try:
        reply = REPLY.validate_json(answer)
    except ValidationError as unreadable:
        raise AnswerFailed("schedule-svc gave an answer that is none") from unreadable
    match reply:
        case Accepted():
            return reply
        case Refused():
            raise ByService(reply, renamed(reply.errors, names or {}))


async def _patiently(bus: Bus, subject: str, payload: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE_S
    while True:
        try:
            return await bus.ask(subject, payload, timeout_s=ANSWER_S)
        except BusUnavailable:
            if loop.time() + PAUSE_S >= end:
                raise
        await asyncio.sleep(PAUSE_S)


def encoded(command: ScheduleCommand) -> bytes:
    """The command's JSON. Of a change only the fields that were given: the others are not null."""
    if not isinstance(command, UpdateSchedule):
        return command.model_dump_json().encode()
    document: dict[str, Any] = command.model_dump(mode="json")
    given = command.change.model_fields_set
    document["change"] = {k: v for k, v in document["change"].items() if k in given}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
