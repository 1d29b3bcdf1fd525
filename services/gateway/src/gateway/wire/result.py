"""What one call measured, under the names that the sources' clients read."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.samples import Call
from gateway.views.rows import CallRow
from gateway.wire.schedule import Shape

ERROR_TAGS: Final = {"rate_limited": "rate_limited", "auth": "auth_failed"}


class Result(Shape):
    """One model's (or the agent's) latest call; milliseconds, tokens/s; unknown is null."""

    provider: str
    model: str
    model_id: str
    call_id: UUID
    attempt: int
    status: str
    success: bool
    error: str | None
    http_status: int | None
    started_at: datetime
    ttft_ms: float | None
    tto_ms: float | None
    latency_ms: float | None
    total_ms: float | None
    total_time_s: float | None
    tpot_ms: float | None
    itl_ms: float | None
    speed: float | None
    output_speed_tps: float | None
    tokens_per_second: float | None
    input_tokens_per_second: float | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    tokens_source: str
    finish_reason: str | None
    response_model: str | None
    context_tokens: int
    runs: int
    success_count: int
    error_count: int
    cost: float | None


def latest(calls: Iterable[CallRow]) -> list[tuple[Call, int]]:
    """Each target's last call with its attempt, in the order in which the targets first ended."""
    found = dict[tuple[str, str], tuple[Call, int]]()
    for row in calls:
        call = Call.model_validate_json(row.call)
        found[call.target.provider, call.target.model] = (call, row.attempt)
    return list(found.values())


def result(call: Call, attempt: int) -> Result:
    """One call in the words of the sources."""
    metrics, tokens = call.metrics, call.tokens
    total_s = None if metrics.total_ms is None else metrics.total_ms / 1000
    ttft_s = None if metrics.ttft_ms is None else metrics.ttft_ms / 1000
    return Result(
        provider=call.target.provider,
        model=call.target.display_name or call.target.model,
        model_id=call.target.model,
        call_id=call.call_id,
        attempt=attempt,
        status=call.status,
        success=call.answered,
        error=error_text(call),
        http_status=call.error and call.error.http_status,
        started_at=call.started_at,
        ttft_ms=metrics.ttft_ms,
        tto_ms=metrics.tto_ms,
        latency_ms=metrics.latency_ms,
        total_ms=metrics.total_ms,
        total_time_s=total_s,
        tpot_ms=metrics.tpot_ms,
        itl_ms=metrics.tpot_ms,
        speed=metrics.speed,
        output_speed_tps=metrics.speed,
        tokens_per_second=rate(tokens.output, total_s),
        input_tokens_per_second=rate(tokens.input, ttft_s),
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cached_tokens=tokens.cached_read,
        reasoning_tokens=tokens.reasoning,
        tokens_source=tokens.source,
        finish_reason=call.finish_reason,
        response_model=call.response_model,
        context_tokens=0,
        runs=1,
        success_count=int(call.answered),
        error_count=int(not call.answered),
        cost=None,
    )


def error_text(call: Call) -> str | None:
    """The redacted message, behind the tag that clients look for where one applies."""
    if call.answered:
        return None
    tag = ERROR_TAGS.get(call.status) or ("timeout" if call.status.startswith("timeout") else "")
    message = call.error.message if call.error else call.status
    return (f"[{tag}] {message}" if tag else message)[:500]


def rate(count: int | None, seconds: float | None) -> float | None:
    """Per second; null where either is unknown or no time passed."""
    return None if count is None or not seconds else count / seconds
