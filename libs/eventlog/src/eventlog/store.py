"""What a log promises. Two stores keep it: `postgres` for real, `memory` for tests.

- Positions run from 1 without gap, in commit order; versions likewise within a stream.
- One append = one stream, all its events or none. A batch holds many appends, each with its own
  answer; one conflict never harms a neighbour.
- An append's key is remembered: the same key and request again is answered `duplicate` with the
  positions of the first time and counts as success; another request under it is `key_reused`.
- Bytes are stored and returned exactly as given.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias
from uuid import UUID

from contracts.codec import decode
from contracts.envelope import Envelope
from contracts.events import Event

NEW: Final = 0
"""Expected version of a stream that must not exist yet."""
ANY: Final = -1
"""Append at the end of an existing stream, whatever its version."""

MAX_BODY: Final = 768 * 1024

Status: TypeAlias = Literal["ok", "duplicate", "conflict", "key_reused"]


class LogError(Exception):
    """The log did not take it."""


class LogUnavailable(LogError):
    """The event log cannot be reached; nothing was acknowledged that is not stored."""


class LogFrozen(LogError):
    """The event log is frozen and takes no events until an operator decides."""


class Fenced(LogError):
    """This process no longer holds the lease under which it decided."""


class BodyTooLarge(LogError):
    """An event's body may have at most 768 KB."""


class KeyReused(LogError):
    """This idempotency key was used before for another request."""


class Contended(LogError):
    """Others kept changing the same stream; try again."""


class UnreadableEvent(ValueError):
    """An event's body is not what its type and version have; the message names its position."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One event, ready to store: its exact bytes, and the columns copied from them."""

    id: UUID
    type: str
    schema_version: int
    owner: str | None
    correlation: UUID
    causation: UUID | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """Events for one stream at an expected version, under an idempotency key.

    `request_hash` is the SHA-256 of the command, not of the events, whose time differs on a retry.
    Without events nothing is stored, the key neither; the answer says how key and version stand.
    """

    key: str
    request_hash: bytes
    stream: str
    expected: int
    events: tuple[Encoded, ...]
    size: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if any(len(event.body) > MAX_BODY for event in self.events):
            raise BodyTooLarge
        object.__setattr__(self, "size", sum(len(event.body) for event in self.events))


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one append. `version` is the stream's version after it."""

    status: Status
    first: int | None
    last: int | None
    version: int
    recorded_at: datetime

    @property
    def stored(self) -> bool:
        """In the log, by this append or by the same one before."""
        return self.status in ("ok", "duplicate")


@dataclass(frozen=True, slots=True)
class Row:
    """One event as the log holds it."""

    position: int
    stream: str
    version: int
    id: UUID
    type: str
    schema_version: int
    owner: str | None
    correlation: UUID
    causation: UUID | None
    recorded_at: datetime
    body: bytes

    def decoded(self) -> Envelope[Event]:
        """The typed envelope. Raises contracts.codec.UnknownEvent, UnreadableEvent."""
        try:
            return decode(self.type, self.schema_version, self.body)
        except ValueError:
            raise UnreadableEvent(
                f"position {self.position}: the body is no {self.type}/v{self.schema_version}"
            ) from None

    @property
    def event(self) -> Event:
        return self.decoded().data


@dataclass(frozen=True, slots=True)
class Head:
    """Which log this is, and its last position (0 = empty)."""

    log_id: UUID
    position: int


class Log(Protocol):
    """Where events are appended and read."""

    async def append(self, append: Append) -> Answer:
        """Store it, or say why not. Raises LogUnavailable, LogFrozen, Fenced."""
        ...

    async def append_all(self, appends: Sequence[Append]) -> list[Answer]:
        """The same for many, queued in this order before anything later; one answer each."""
        ...

    async def stream(self, stream: str, after: int = 0) -> list[Row]:
        """A stream's events with a version greater than `after`, in order; [] if there is none."""
        ...

    async def streams(self, streams: Sequence[str]) -> dict[str, list[Row]]:
        """Many streams at once; one that does not exist is an empty list."""
        ...

    async def page(self, after: int, limit: int = 1000) -> list[Row]:
        """Up to `limit` events at positions greater than `after`, in order, without gap."""
        ...

    async def head(self) -> Head: ...

    async def answered(self, key: str) -> Answer | None:
        """What an append under this key was answered, if it was stored (status `duplicate`)."""
        ...
