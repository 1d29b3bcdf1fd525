"""An agent over HTTP: `POST /agents/<script>/api/chat` answers one message as a whole."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from simulator.openai_chat import ERRORS, Broken
from simulator.script import Script
from simulator.wire import Request, json_response


async def respond(request: Request, script: Script, number: int) -> AsyncIterator[bytes]:
    """The bytes of one answer. Raises Broken where the script cuts."""
    fault = script.fault(number)
    if fault in ERRORS:
        status, _, message = ERRORS[fault]
        yield json_response(status, {"detail": message})
        return
    if fault in ("hang_head", "hang_stream"):
        await asyncio.Event().wait()
    if fault in ("cut_head", "cut_stream"):
        raise Broken
    await asyncio.sleep(sum(script.gaps(number)))
    yield json_response(200, _answer(request, script))


def _answer(request: Request, script: Script) -> dict[str, Any]:
    words = len(str(request.json().get("message", "")).split())
    step = {"id": "t1", "tool": "search"}
    return {
        "response": "".join(script.pieces()).strip(),
        "execution_log": [
            {**step, "type": "tool_use", "input": {"query": "status"}},
            {**step, "type": "tool_result", "success": True, "duration_ms": 12},
        ],
        "metadata": {
            "input_tokens": words,
            "output_tokens": script.tokens,
            "cache_creation_tokens": 0,
            "cache_read_tokens": 0,
            "tool_count": 1,
            "context_window": 200_000,
        },
        "session": {"context_tokens": words + script.tokens, "context_window": 200_000},
    }
