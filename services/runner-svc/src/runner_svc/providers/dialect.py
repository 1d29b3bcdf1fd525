"""What a dialect does: a request from a question, a reading from an exchange. Both are pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

from contracts.samples import CallStatus, Tokens, ToolCall
from measures.timeline import Timeline
from runner_svc.exchange import Asked, Exchange
from runner_svc.failure import Failure

Json: TypeAlias = Mapping[str, Any]

LARGEST_JSON: Final = 2**20
"""Characters of one JSON text. Parsing holds up every other call and cannot be interrupted."""

KEPT: Final = 64 * 2**10
"""Characters of an answer's text; what comes after them is counted, not kept."""

NO_TOKENS: Final = Tokens()

ANSWERS: Final[Mapping[str, CallStatus]] = {
    **dict.fromkeys(("stop", "end_turn", "stop_sequence", "tool_calls", "tool_use"), "ok"),
    **dict.fromkeys(("function_call", "pause_turn", "eos", "eos_token", "STOP"), "ok"),
    **dict.fromkeys(("length", "max_tokens", "model_context_window_exceeded"), "truncated"),
    **dict.fromkeys(("content_filter", "refusal", "SAFETY"), "content_filter"),
}
"""The finish reasons under which a call counts as answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that a request is made of. `skip` are request fields this model refuses."""

    call_id: UUID
    base_url: str
    key: str | None
    model: str
    text: str
    max_tokens: int
    temperature: float
    system: str | None = None
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an exchange means. Without a `failure` the call was answered, in the way `answered`
    says."""

    timeline: Timeline
    failure: Failure | None = None
    text: str | None = None
    tokens: Tokens = NO_TOKENS
    finish_reason: str | None = None
    response_model: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    context_used: int | None = None
    context_max: int | None = None
    answered: CallStatus = "ok"


class Dialect(Protocol):
    """A module with these two functions."""

    def ask(self, question: Question) -> Asked: ...

    def read(self, exchange: Exchange, now: datetime) -> Reading:
        """`now` only resolves a Retry-After that is a date."""
        ...


def headers(question: Question, accept: str) -> dict[str, str]:
    """Those every call sends. Compression would hold text back."""
    known = {
        "Accept": accept,
        "Accept-Encoding": "identity",
        "Cache-Control": "no-cache",
        "Content-Type": "application/json",
        "User-Agent": "tickmark",
        "X-Client-Request-Id": str(question.call_id),
    }
    return known | ({"Authorization": f"Bearer {question.key}"} if question.key else {})


def text(value: object) -> str | None:
    """Text that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def mended(joined: str) -> str:
    """Halves of surrogate pairs that came in separate pieces are joined, lone ones replaced, and so
    is NUL, which no database takes as text."""
    joined = joined.replace("\0", "\ufffd")
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
