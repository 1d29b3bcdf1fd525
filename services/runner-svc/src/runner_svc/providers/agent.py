"""An agent over HTTP: one message, one whole answer, with what it did on the way.

Each member of an answer may be missing or of another type; then it is null. The answer is
`response`, else the whole body as text.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Any, Final, cast

from contracts.samples import ToolCall
from measures.timeline import Mark, Timeline
from measures.tokens import count, of_agent
from runner_svc.exchange import Asked, Exchange
from runner_svc.failure import Failure
from runner_svc.providers.dialect import (
    KEPT,
    LARGEST_JSON,
    Json,
    Question,
    Reading,
    headers,
    mended,
    text,
)
from runner_svc.providers.refusals import code_of, refused, words

_NOTHING: Final[Json] = {}
MOST_TOOL_CALLS: Final = 500
LARGEST_ANSWER: Final = 4 * LARGEST_JSON
"""Bytes: an agent's log of what it did comes with its answer."""


def ask(question: Question) -> Asked:
    return Asked(
        url=f"{question.base_url.rstrip('/')}/api/chat",
        headers=headers(question, "application/json"),
        body=json.dumps({"message": question.text, "stream": False}).encode(),
    )


def read(exchange: Exchange, now: datetime) -> Reading:
    failure = refused(exchange, now) or _broken(exchange) or _too_large(exchange)
    body = b"".join(part.data for part in exchange.reads).decode(errors="replace")
    content = None if failure else _parsed(body)
    if failure is None:
        failure = _told(content)
    if failure is not None or content is None:
        return Reading(timeline=_timeline(exchange, 0), failure=failure)
    answer = text(content.get("response")) or body
    metadata, session = _mapping(content.get("metadata")), _mapping(content.get("session"))
    return Reading(
        timeline=_timeline(exchange, len(answer)),
        text=mended(answer[:KEPT]),
        tokens=of_agent(metadata),
        response_model=text(session.get("model")),
        tool_calls=_tool_calls(content.get("execution_log")),
        context_used=_first(session.get("context_tokens"), metadata.get("input_tokens")),
        context_max=_first(session.get("context_window"), metadata.get("context_window")),
    )


def _timeline(exchange: Exchange, chars: int) -> Timeline:
    end = exchange.end_ns
    return Timeline(
        marks=(Mark(end, "answer", chars),) if chars and end is not None else (),
        head_ns=exchange.head_ns,
        end_ns=end,
        connect_ns=exchange.connect_ns,
        streamed=False,
    )


def _broken(exchange: Exchange) -> Failure | None:
    broke = exchange.broke
    if broke is None:
        return None
    message = "the answer broke off" if broke.status == "stream_cut" else broke.message
    return Failure(broke.status, message, http_status=exchange.http_status)


def _too_large(exchange: Exchange) -> Failure | None:
    if exchange.size <= LARGEST_ANSWER:
        return None
    why = f"the answer is larger than {LARGEST_ANSWER >> 20} MiB"
    return Failure("protocol", why, http_status=exchange.http_status)


def _parsed(body: str) -> Json | None:
    try:
        content: object = json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return cast("Json", content) if isinstance(content, Mapping) else None


def _told(content: Json | None) -> Failure | None:
    if content is None:
        return Failure("protocol", "the answer is no JSON object", http_status=200)
    if error := content.get("error"):
        why = f"the answer is an error: {words(error)}"
        return Failure("stream_error", why, code_of(error), http_status=200)
    return None


def _tool_calls(log: object) -> tuple[ToolCall, ...]:
    """Each use in its order, with the success and duration its result tells."""
    steps = [_mapping(step) for step in cast("list[object]", log)] if isinstance(log, list) else []
    results = {str(step.get("id")): step for step in steps if step.get("type") == "tool_result"}
    uses = [step for step in steps if step.get("type") == "tool_use"]
    return tuple(
        _tool_call(use, results.get(str(use.get("id")), _NOTHING)) for use in uses[:MOST_TOOL_CALLS]
    )


def _tool_call(use: Json, result: Json) -> ToolCall:
    success: Any = result.get("success", use.get("success"))
    duration: Any = result.get("duration_ms", use.get("duration_ms"))
    timed = isinstance(duration, int | float) and not isinstance(duration, bool)
    return ToolCall(
        tool=text(use.get("tool")) or "unknown",
        success=success if isinstance(success, bool) else None,
        duration_ms=float(duration) if timed and isfinite(duration) else None,
    )


def _first(*values: object) -> int | None:
    return next((found for value in values if (found := count(value)) is not None), None)


def _mapping(value: object) -> Json:
    return cast("Json", value) if isinstance(value, Mapping) else _NOTHING
