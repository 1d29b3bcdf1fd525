"""Where a client goes on: after its token, or anew because the token leads nowhere."""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

Reason: TypeAlias = Literal["malformed", "other_log", "beyond_head", "too_old", "too_late"]


@dataclass(frozen=True, slots=True)
class Token:
    """`<log_id>:<position>`: everything up to there was seen."""

    log_id: UUID
    position: int

    def __str__(self) -> str:
        return f"{self.log_id}:{self.position}"


@dataclass(frozen=True, slots=True)
class Reset:
    """The token is of no use; load anew."""

    reason: Reason


def parse(text: str) -> Token | None:
    """The token in this text, or null where there is none."""
    log_id, _, position = text.partition(":")
    if not (position.isascii() and position.isdigit() and len(position) < 19):
        return None
    try:
        return Token(UUID(log_id), int(position))
    except ValueError:
        return None


def resumed(text: str, present: Token, furthest_back: int) -> Token | Reset:
    """The token to go on from. `present` is the log's head; no more than so many positions back."""
    token = parse(text)
    if token is None:
        return Reset("malformed")
    if token.log_id != present.log_id:
        return Reset("other_log")
    if token.position > present.position:
        return Reset("beyond_head")
    if present.position - token.position > furthest_back:
        return Reset("too_old")
    return token
