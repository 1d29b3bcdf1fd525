"""OpenAI chat completions, streamed: `POST /v1/chat/completions`, model `sim:<script>`."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from simulator.script import Script
from simulator.wire import Request, chunk, head, json_response


class Broken(Exception):
    """The script says that the connection ends here."""


ERRORS: dict[str, tuple[int, str, str]] = {
    "401": (401, "invalid_api_key", "Incorrect API key provided"),
    "404": (404, "model_not_found", "The model does not exist"),
    "429": (429, "rate_limit_exceeded", "Rate limit reached, try again later"),
    "429_quota": (429, "insufficient_quota", "You exceeded your current quota"),
    "500": (500, "server_error", "The server had an error"),
    "503": (503, "overloaded", "The engine is currently overloaded"),
}


async def respond(request: Request, script: Script, number: int) -> AsyncIterator[bytes]:
    """The bytes of one answer, each yielded when it is due. Raises Broken where the script cuts."""
    asked, fault = request.json(), script.fault(number)
    if fault in ERRORS:
        yield _refusal(fault, script)
        return
    if fault == "hang_head":
        await asyncio.Event().wait()
    if fault == "cut_head":
        yield b"HTTP/1."
        raise Broken
    kind = "text/html" if fault == "wrong_type" else "text/event-stream"
    yield head(200, {"Content-Type": kind, "Transfer-Encoding": "chunked"})
    async for event in _buffered(asked, script, number, fault):
        yield chunk(event)
    yield chunk(b"")


def _refusal(fault: str, script: Script) -> bytes:
    status, code, message = ERRORS[fault]
    error = {"error": {"message": message, "type": code, "param": None, "code": code}}
    if status == 429:
        return json_response(status, error, retry_after=script.retry_after)
    return json_response(status, error)


async def _buffered(
    asked: dict[str, Any], script: Script, number: int, fault: str
) -> AsyncIterator[bytes]:
    """The events as they are due, or all at once where a proxy would hold them back."""
    if fault != "buffered":
        async for event in _events(asked, script, number, fault):
            yield event
        return
    yield b"".join([event async for event in _events(asked, script, number, "")])


async def _events(
    asked: dict[str, Any], script: Script, number: int, fault: str
) -> AsyncIterator[bytes]:
    identity = {"id": f"chatcmpl-sim-{number}", "created": 0, "model": asked.get("model")}
    yield _event(identity, {"role": "assistant", "content": ""})
    reasoning = ["thinking "] * script.reasoning_tokens
    answer = script.pieces()
    gaps = script.gaps(number)
    for index, text in enumerate(reasoning + answer):
        if fault and index == script.events_before_fault:
            for last in await _break(fault):
                yield last
        await asyncio.sleep(gaps[min(index, len(gaps) - 1)])
        key = "reasoning_content" if index < len(reasoning) else "content"
        yield _event(identity, {key: text})
    yield _event(identity, {}, finish="stop")
    if fault != "no_usage" and _wants_usage(asked):
        yield _event(identity, None, usage=_usage(asked, script))
    yield b"data: [DONE]\n\n"


async def _break(fault: str) -> list[bytes]:
    match fault:
        case "hang_stream":
            await asyncio.Event().wait()
        case "cut_stream":
            raise Broken
        case "error_in_stream":
            return [b'data: {"error": {"message": "The server had an error", "code": 500}}\n\n']
        case "bad_json":
            return [b'data: {"choices": [{"delta": \n\n']
        case _:
            pass
    return []


def _wants_usage(asked: dict[str, Any]) -> bool:
    options: dict[str, Any] = asked.get("stream_options") or {}
    return bool(options.get("include_usage"))


def _usage(asked: dict[str, Any], script: Script) -> dict[str, Any]:
    words = max(1, len(str(asked.get("messages", "")).split()))
    output = script.tokens + script.reasoning_tokens
    return {
        "prompt_tokens": words,
        "completion_tokens": output,
        "total_tokens": words + output,
        "completion_tokens_details": {"reasoning_tokens": script.reasoning_tokens},
    }


def _event(
    identity: dict[str, Any],
    delta: dict[str, Any] | None,
    finish: str | None = None,
    usage: dict[str, Any] | None = None,
) -> bytes:
    """One SSE event; `sim_t` is this machine's monotonic clock when it was written, in ns."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    content = {**identity, "object": "chat.completion.chunk", "choices": choices, "usage": usage}
    content["sim_t"] = time.perf_counter_ns()
    return b"data: %s\n\n" % json.dumps(content, separators=(",", ":")).encode()
