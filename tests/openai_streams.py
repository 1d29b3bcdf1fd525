"""Streams of OpenAI's dialect, piece by piece, as an exchange would have seen them."""

import json
from datetime import UTC, datetime
from typing import Any

from measures.sse import Read
from runner_svc.exchange import Exchange
from runner_svc.providers import openai_chat
from runner_svc.providers.dialect import Reading

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MS = 1_000_000


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> str:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return "data: " + json.dumps({"model": "m-1", "choices": choices, **more})


ROLE = chunk({"role": "assistant", "content": ""})
STOP = chunk({}, "stop")
DONE = "data: [DONE]"
ERROR = 'data: {"error": {"message": "out of memory", "code": 500}}'
USAGE = chunk(None, usage={"prompt_tokens": 7, "completion_tokens": 11, "total_tokens": 18})


def say(text: str) -> str:
    return chunk({"content": text})


def think(text: str, name: str = "reasoning_content") -> str:
    return chunk({name: text})


def seen(*chunks: str, end: str = "\n\n", status: int = 200, **more: Any) -> Exchange:
    """Chunk n arrives n * 10 ms after the request."""
    reads = [Read((n + 1) * 10 * MS, (each + end).encode()) for n, each in enumerate(chunks)]
    given: dict[str, Any] = {
        "http_status": status,
        "headers": {"content-type": "text/event-stream; charset=utf-8"},
        "reads": tuple(reads),
        "head_ns": 5 * MS,
        "end_ns": (len(chunks) + 1) * 10 * MS,
        "connect_ns": MS,
    }
    return Exchange(**(given | more))


def read(exchange: Exchange) -> Reading:
    return openai_chat.read(exchange, NOW)
