"""Process managers: given what happened, what should be asked for, and what is still owed?

A process is a plain module. It changes its own state in place, and a decision enters that state
when it is made, not when it comes back from the log: `react` and `resume` do both. `evolve` alone
folds what the log says, decisions as they were recorded. Both ways lead to the same state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from contracts.events import Event
from contracts.ids import event_id
from eventlog.store import Row

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event of the log, as a process sees it. `version` is its place in its own stream."""

    position: int
    id: UUID
    owner: str | None
    correlation: UUID
    traceparent: str | None
    version: int
    event: Event


@dataclass(frozen=True, slots=True)
class Decision:
    """An event to append to `stream` at `expected`; it continues the story `about` began."""

    stream: str
    expected: int
    about: Recorded
    event: Event


class Process(Protocol[S]):
    """What such a module offers; entry points of group `tickmark.processes` name them."""

    @property
    def VERSION(self) -> int: ...
    @property
    def STREAM(self) -> str: ...
    @property
    def HANDLER(self) -> str: ...
    @property
    def INPUTS(self) -> frozenset[str]: ...
    @property
    def DECISIONS(self) -> frozenset[str]: ...
    @property
    def initial(self) -> Callable[[], S]: ...
    @property
    def evolve(self) -> Callable[[S, Recorded], S]: ...
    @property
    def react(self) -> Callable[[S, Recorded], list[Decision]]: ...
    @property
    def resume(self) -> Callable[[S], list[Decision]]: ...
    @property
    def begins(self) -> Callable[[Event], int | None]:
        """The decider version an event puts in charge, from its `afterposition` on; else None."""
        ...


def recorded(row: Row) -> Recorded:
    """The row, decoded. Raises contracts.codec.UnknownEvent, ValueError."""
    envelope = row.decoded()
    return Recorded(
        row.position,
        row.id,
        row.owner,
        row.correlation,
        envelope.traceparent,
        row.version,
        envelope.data,
    )


def decision_key(handler: str, cause: UUID, ordinal: int) -> str:
    """The idempotency key of the `ordinal`-th decision (from 0) that an event caused."""
    return f"{handler}:{cause}:{ordinal}"


def decision_id(handler: str, cause: UUID, ordinal: int) -> UUID:
    """The id of the event that decision becomes."""
    return event_id(decision_key(handler, cause, ordinal), 0)
