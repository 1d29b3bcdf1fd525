"""OpenAI chat completions, streamed, and the many servers that speak likewise.

They differ in where reasoning and usage stand, in whether `[DONE]` comes, and in how an error
inside a 200 looks; every difference met here has a golden stream among the tests.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import urlsplit

from contracts.samples import CallStatus
from measures.sse import Event, events
from measures.timeline import Kind, Mark, Timeline, Visibility
from measures.tokens import of_openai_chat
from runner_svc.exchange import Asked, Exchange
from runner_svc.failure import Failure
from runner_svc.providers.dialect import (
    ANSWERS,
    KEPT,
    LARGEST_JSON,
    Json,
    Question,
    Reading,
    headers,
    mended,
    text,
)
from runner_svc.providers.refusals import code_of, refused, status_of, words

DONE: Final = "[DONE]"
_VERSION: Final = re.compile(r"v\d+\w*")


def ask(question: Question) -> Asked:
    return Asked(
        url=_url(question.base_url),
        headers=headers(question, "text/event-stream"),
        body=json.dumps(_body(question)).encode(),
        markers=(b"\ndata: [DONE]", b"\ndata:[DONE]", b"\rdata: [DONE]", b"\rdata:[DONE]"),
    )


def _url(base: str) -> str:
    """`base` with or without its version segment."""
    base = base.rstrip("/")
    versioned = any(_VERSION.fullmatch(part) for part in urlsplit(base).path.split("/"))
    return f"{base}/chat/completions" if versioned else f"{base}/v1/chat/completions"


def _body(question: Question) -> dict[str, Any]:
    """Reasoning models of OpenAI's own refuse `max_tokens`; others know nothing else."""
    theirs = urlsplit(question.base_url).hostname == "api.openai.com"
    options = {"include_usage": True} | ({"include_obfuscation": False} if theirs else {})
    system = [{"role": "system", "content": question.system}] if question.system else []
    body = {
        "model": question.model,
        "messages": [*system, {"role": "user", "content": question.text}],
        "stream": True,
        "stream_options": options,
        "temperature": question.temperature,
        "max_completion_tokens" if theirs else "max_tokens": question.max_tokens,
    }
    return {name: value for name, value in body.items() if name not in question.skip}


@dataclass(slots=True)
class _Stream:
    """What the events came to so far."""

    events: int = 0
    marks: list[Mark] = field(default_factory=list[Mark])
    answer: list[str] = field(default_factory=list[str])
    room: int = KEPT
    usages: list[Json] = field(default_factory=list["Json"])
    visibility: Visibility = "raw"
    finish: str | None = None
    model: str | None = None
    done_ns: int | None = None
    failure: Failure | None = None


def read(exchange: Exchange, now: datetime) -> Reading:
    if (failure := refused(exchange, now)) is not None:
        return Reading(timeline=_timeline(exchange, _Stream()), failure=failure)
    stream = _followed(exchange) if _streams(exchange) else _Stream()
    if not stream.events and stream.failure is None:
        stream.failure = _no_stream(exchange)
    tokens = of_openai_chat(stream.usages)
    if not any(mark.kind == "reasoning" for mark in stream.marks) and tokens.reasoning:
        stream.visibility = "hidden"
    failure = stream.failure or _unfinished(exchange, stream)
    return Reading(
        timeline=_timeline(exchange, stream),
        failure=failure,
        text=mended("".join(stream.answer)) or None,
        tokens=tokens,
        finish_reason=stream.finish,
        response_model=stream.model,
        answered=ANSWERS.get(stream.finish or "stop", "ok"),
    )


def _timeline(exchange: Exchange, stream: _Stream) -> Timeline:
    return Timeline(
        marks=tuple(stream.marks),
        head_ns=exchange.head_ns,
        end_ns=exchange.end_ns if stream.done_ns is None else stream.done_ns,
        connect_ns=exchange.connect_ns,
        visibility=stream.visibility,
    )


def _followed(exchange: Exchange) -> _Stream:
    """All events up to the marker or the first error."""
    stream = _Stream()
    for event in events(exchange.reads):
        if event.data.strip() == DONE:
            stream.done_ns = event.at_ns
            break
        content = _parsed(event)
        if content is None:
            if event.complete:
                why = f"event {stream.events + 1} is {_wrong(event)}"
                stream.failure = Failure("protocol", why, http_status=200)
            break
        stream.events += 1
        _take(stream, event.at_ns, content)
        if stream.failure is not None:
            break
    return stream


def _wrong(event: Event) -> str:
    if len(event.data) > LARGEST_JSON:
        return f"larger than {LARGEST_JSON >> 20} MiB"
    return "no JSON object"


def _parsed(event: Event) -> Json | None:
    """NaN and its like are null: some servers write them."""
    if len(event.data) > LARGEST_JSON:
        return None
    try:
        content: object = json.loads(event.data, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return _mapping(content)


def _take(stream: _Stream, at_ns: int, content: Json) -> None:
    if content.get("error"):
        stream.failure = _told(content["error"])
        return
    if (usage := _mapping(content.get("usage"))) is not None:
        stream.usages.append(usage)
    stream.model = text(content.get("model")) or stream.model
    choices = content.get("choices")
    choice = _mapping(cast("list[object]", choices)[0]) if _some(choices) else None
    if choice is None:
        return
    stream.finish = text(choice.get("finish_reason")) or stream.finish
    if (delta := _mapping(choice.get("delta"))) is not None:
        _generated(stream, at_ns, delta)


def _generated(stream: _Stream, at_ns: int, delta: Json) -> None:
    found: list[tuple[Kind, str]] = [("reasoning", _reasoning(delta))]
    found.append(("answer", "".join(filter(None, map(text, _answers(delta))))))
    found.append(("tool", "".join(filter(None, map(text, _tools(delta))))))
    if _some(delta.get("reasoning_details")):
        stream.visibility = "summary"
    stream.answer.append(found[1][1][: stream.room])
    stream.room -= len(stream.answer[-1])
    stream.marks.extend(Mark(at_ns, kind, len(piece)) for kind, piece in found if piece)


def _reasoning(delta: Json) -> str:
    """Under one of two names; where a server repeats it in details, it counts once."""
    return text(delta.get("reasoning_content")) or text(delta.get("reasoning")) or ""


def _answers(delta: Json) -> tuple[object, ...]:
    audio = _mapping(delta.get("audio")) or {}
    return delta.get("content"), delta.get("refusal"), audio.get("transcript")


def _tools(delta: Json) -> list[object]:
    calls: object = delta.get("tool_calls")
    functions = [_mapping(delta.get("function_call"))]
    functions += [
        _mapping((_mapping(call) or {}).get("function"))
        for call in (cast("list[object]", calls) if isinstance(calls, list) else [])
    ]
    return [each.get(name) for each in functions if each for name in ("name", "arguments")]


def _told(error: object) -> Failure:
    """An error object inside a 200."""
    known = _mapping(error) or {}
    number = known.get("code")
    cause = status_of(number, error) if isinstance(number, int) else None
    why = f"the stream ended with an error: {words(error)}"
    return Failure(_with_cause(cause), why, code_of(error), http_status=200)


def _with_cause(cause: CallStatus | None) -> CallStatus:
    return "content_filter" if cause == "content_filter" else "stream_error"


def _no_stream(exchange: Exchange) -> Failure | None:
    """A 200 without a single event: something else than a stream, or an end before it began."""
    body = b"".join(read.data for read in exchange.reads)[:LARGEST_JSON].decode(errors="replace")
    try:
        content = _mapping(json.loads(body))
    except (ValueError, RecursionError):
        content = None
    if content is not None and content.get("error"):
        return _told(content["error"])
    if _streams(exchange):
        return None
    return Failure("protocol", f"answered {_kind(exchange)}, not a stream", http_status=200)


def _streams(exchange: Exchange) -> bool:
    return _kind(exchange) == "text/event-stream"


def _kind(exchange: Exchange) -> str:
    """Its content type; a server that names none is taken at our word."""
    kind = exchange.headers.get("content-type") or "text/event-stream"
    return kind.partition(";")[0].strip().lower()


def _unfinished(exchange: Exchange, stream: _Stream) -> Failure | None:
    """None where the answer is whole: a finish reason or the marker was seen."""
    if stream.finish is not None and stream.finish not in ANSWERS:
        why = f"ended with finish reason {stream.finish}"
        return Failure("stream_error", why, code=stream.finish, http_status=200)
    if stream.finish is not None or (stream.done_ns is not None and stream.marks):
        return None
    after = f"after {stream.events} event{'' if stream.events == 1 else 's'}"
    broke = exchange.broke
    if broke is not None and broke.status != "stream_cut":
        return Failure(broke.status, f"{broke.message}, {after}", http_status=200)
    if stream.done_ns is not None:
        return Failure("protocol", f"ended without an answer, {after}", http_status=200)
    return Failure("stream_cut", f"the stream broke off {after}", http_status=200)


def _mapping(value: object) -> Json | None:
    return cast("Json", value) if isinstance(value, Mapping) else None


def _some(value: object) -> bool:
    return isinstance(value, list) and len(cast("list[object]", value)) > 0
