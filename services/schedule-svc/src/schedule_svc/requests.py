"""Commands as they arrive over NATS, and their answers: every failure that is expected has words.

A 503 means that it may or may not have been done: ask again under the same key.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from contracts.commands import (
    Accepted,
    CreateSchedule,
    DeleteSchedule,
    Refused,
    ScheduleCommand,
    ToggleSchedule,
    TriggerSchedule,
    UpdateSchedule,
)
from contracts.subjects import command_subject
from eventlog.bus import Bus
from eventlog.postgres import LOST
from eventlog.store import BodyTooLarge, Contended, KeyReused, LogFrozen, LogUnavailable
from schedule_svc.commands import Desk, perform
from schedule_svc.refusals import Refusal

QUEUE: Final = "schedule-svc"
COMMANDS: Final[tuple[type[ScheduleCommand], ...]] = (
    CreateSchedule,
    UpdateSchedule,
    ToggleSchedule,
    DeleteSchedule,
    TriggerSchedule,
)
_LATER: Final = (LogUnavailable, LogFrozen, Contended)


async def serve(desk: Desk, bus: Bus) -> None:
    """Answer `cmd.schedule.<verb>`, as one of all replicas, until the bus closes."""
    for command in COMMANDS:
        subject = command_subject("schedule", command.model_fields["verb"].default)
        await bus.answer(subject, QUEUE, _handler(desk, command))


def _handler(desk: Desk, model: type[ScheduleCommand]) -> Callable[[bytes], Awaitable[bytes]]:
    async def handle(request: bytes) -> bytes:
        reply = await answer(desk, model.model_validate_json(request))
        return reply.model_dump_json().encode()

    return handle


async def answer(desk: Desk, command: ScheduleCommand) -> Accepted | Refused:
    """Do it, or say why not."""
    try:
        return await perform(desk, command)
    except Refusal as refusal:
        return Refused(status=refusal.status, detail=refusal.detail, errors=refusal.errors)
    except KeyReused as refusal:
        return Refused(status=422, detail=_words(refusal))
    except BodyTooLarge as refusal:
        return Refused(status=413, detail=_words(refusal))
    except _LATER as refusal:
        return Refused(status=503, detail=_words(refusal), retry_after=1)
    except LOST:
        return Refused(status=503, detail=_words(LogUnavailable()), retry_after=1)


def _words(refusal: Exception) -> str:
    return refusal.__doc__ or ""
