"""What one call measured. Unknown is null, never 0; milliseconds are floats of monotonic stamps."""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.actions import Target
from contracts.message import Instant, Message

CallStatus: TypeAlias = Literal[
    "ok",
    "truncated",
    "content_filter",
    "rate_limited",
    "quota",
    "auth",
    "not_found",
    "bad_request",
    "overloaded",
    "server_error",
    "timeout_connect",
    "timeout_first",
    "timeout_idle",
    "timeout_total",
    "conn_dns",
    "conn_refused",
    "conn_tls",
    "conn_reset",
    "protocol",
    "stream_error",
    "stream_cut",
    "cancelled",
    "client_overload",
    "skipped_config",
    "interrupted",
]
"""How a call ended; the first three are answers, the rest are not."""

ANSWERED: frozenset[CallStatus] = frozenset({"ok", "truncated", "content_filter"})


class Tokens(Message):
    """Counts in normal form: input includes cached, output includes reasoning."""

    input: int | None = None
    output: int | None = None
    cached_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    source: Literal["usage", "none"] = "none"


class Metrics(Message):
    """Durations in ms from the first request byte; `speed` in output tokens/s after the first."""

    ttft_ms: float | None = None
    tto_ms: float | None = None
    latency_ms: float | None = None
    total_ms: float | None = None
    tpot_ms: float | None = None
    speed: float | None = None
    connect_ms: float | None = None
    why_null: dict[str, str] = Field(default_factory=dict)
    metrics_version: int = 1


class CallError(Message):
    """Why a call was not answered: the text is redacted, then cut at 500 characters."""

    message: Annotated[str, Field(max_length=500)]
    code: str | None = None
    http_status: int | None = None
    retry_after_s: float | None = None


class ToolCall(Message):
    tool: str
    success: bool | None = None
    duration_ms: float | None = None


class Call(Message):
    """One request to one target inside one attempt."""

    call_id: UUID
    target: Target
    status: CallStatus
    started_at: Instant
    metrics: Metrics = Metrics()
    tokens: Tokens = Tokens()
    error: CallError | None = None
    finish_reason: str | None = None
    response_model: str | None = None
    response: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    context_used: int | None = None
    context_max: int | None = None

    @property
    def answered(self) -> bool:
        return self.status in ANSWERED
