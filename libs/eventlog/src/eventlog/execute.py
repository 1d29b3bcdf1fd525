"""How a command becomes events: load, fold, decide, append at that version, or look again."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Generic, TypeVar, cast
from uuid import UUID

from contracts.codec import Attributes, encode, schema_version
from contracts.events import Event
from contracts.ids import event_id
from eventlog.decider import Decider, replay
from eventlog.store import NEW, Answer, Append, Contended, Encoded, KeyReused, Log, Row

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E", bound=Event)

TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why, by whom and under which idempotency key something is appended.

    `request` identifies the command for the key: the same key with other bytes is refused.
    """

    key: str
    source: str
    actor: str
    time: datetime
    correlation: UUID
    request: bytes = b""
    owner: str | None = None
    causation: UUID | None = None
    afterposition: int | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Folded(Generic[S]):
    """A state, and the stream version it was folded to."""

    state: S
    version: int


@dataclass(frozen=True, slots=True)
class Done(Generic[S, E]):
    """What a command caused: its events (none: nothing to do), the answer, the state after it."""

    events: tuple[E, ...]
    answer: Answer | None
    folded: Folded[S]


def append_of(stream: str, expected: int, events: Sequence[Event], cause: Cause) -> Append:
    """The append of `events` to `stream`, encoded with what is known before it is stored."""
    return Append(
        key=cause.key,
        request_hash=hashlib.sha256(cause.request).digest(),
        stream=stream,
        expected=expected,
        events=tuple(_encoded(stream, n, event, cause) for n, event in enumerate(events)),
    )


def _encoded(stream: str, ordinal: int, event: Event, cause: Cause) -> Encoded:
    at = Attributes(
        id=event_id(cause.key, ordinal),
        source=cause.source,
        subject=stream,
        time=cause.time,
        owner=cause.owner,
        actor=cause.actor,
        correlationid=cause.correlation,
        causationid=cause.causation,
        afterposition=cause.afterposition,
        traceparent=cause.traceparent,
    )
    return Encoded(
        id=at.id,
        type=event.type,
        schema_version=schema_version(event),
        owner=cause.owner,
        correlation=cause.correlation,
        causation=cause.causation,
        body=encode(event, at),
    )


async def load(
    log: Log, decider: Decider[C, E, S], stream: str, known: Folded[S] | None = None
) -> Folded[S]:
    """The stream folded to its present version, from `known` on where that is given."""
    known = known or Folded(decider.initial(), NEW)
    return fold(decider, known, await log.stream(stream, after=known.version))


def fold(decider: Decider[C, E, S], known: Folded[S], rows: Sequence[Row]) -> Folded[S]:
    """`known` with the rows' events folded in."""
    events = (cast("E", row.event) for row in rows)
    version = rows[-1].version if rows else known.version
    return Folded(replay(decider, events, known.state), version)


async def execute(
    log: Log,
    decider: Decider[C, E, S],
    stream: str,
    command: C,
    cause: Cause,
    known: Folded[S] | None = None,
) -> Done[S, E]:
    """Decide `command` on the stream's state and append what follows from it.

    A repeated key is a success that changes nothing, also where the decider would refuse the
    repetition. Raises the decider's refusals, KeyReused, Contended after five lost races, and what
    the log raises.
    """
    folded = await load(log, decider, stream, known)
    for _ in range(TRIES):
        try:
            events = decider.decide(command, folded.state)
        except Exception:
            if (before := await log.answered(cause.key)) is None:
                raise
            return Done((), before, folded)
        answer = await _append(log, stream, folded.version, events, cause)
        if answer is None:
            return Done((), None, folded)
        if answer.status == "ok":
            after = Folded(replay(decider, events, folded.state), answer.version)
            return Done(tuple(events), answer, after)
        folded = await load(log, decider, stream, folded)
        if answer.status == "duplicate":
            return Done((), answer, folded)
    raise Contended


async def _append(
    log: Log, stream: str, version: int, events: Sequence[Event], cause: Cause
) -> Answer | None:
    if not events:
        return None
    answer = await log.append(append_of(stream, version, events, cause))
    if answer.status == "key_reused":
        raise KeyReused
    return answer


def reaction(cause: Cause, row: Row, handler: str, ordinal: int) -> Cause:
    """`cause` for the `ordinal`-th answer of `handler` to the event in `row`."""
    return replace(
        cause,
        key=f"{handler}:{row.id}:{ordinal}",
        owner=row.owner,
        correlation=row.correlation,
        causation=row.id,
    )
