"""A run of rows onto EVT, each at the sequence that is its position, or not at all.

Every message carries the sequence it must follow, and only the last asks for an answer: a refused
one refuses all behind it, so what is stored is always a correct prefix. Nothing here needs to be
atomic. `docs/adr` has the measurement against atomic batches.
"""

from collections.abc import Sequence
from typing import Final

from eventlog.bus import Bus
from eventlog.connection import Message
from eventlog.jetstream import checked
from eventlog.store import Row
from eventlog.wire import headers, subject

ANSWER_WITHIN_S: Final = 5.0
EXPECTED: Final = "Nats-Expected-Last-Sequence"


class Misplaced(Exception):
    """JetStream stored the run elsewhere than at its positions."""


async def publish_run(bus: Bus, rows: Sequence[Row], log_id: str) -> None:
    """Store contiguous rows; returns when the last is stored, and so all are.

    Raises JetStreamError (10071: another was faster, a prefix may be stored), BusUnavailable.
    """
    *members, last = rows
    await bus.publish_all(_message(row, log_id) for row in members)
    where, body, headed = _message(last, log_id)
    reply = await bus.request(where, body, headers=headed, timeout_s=ANSWER_WITHIN_S)
    if checked(reply.data)["seq"] != last.position:
        raise Misplaced


def _message(row: Row, log_id: str) -> Message:
    headed = headers(row, log_id)
    headed[EXPECTED] = str(row.position - 1)
    return subject(row), row.body, headed
