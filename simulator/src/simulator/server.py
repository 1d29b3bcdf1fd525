"""One port, all routes: the dialects, the scripts, and the evidence of what was asked."""

import asyncio
import contextlib
import hashlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

from simulator import agent, openai_chat
from simulator.openai_chat import Broken
from simulator.script import PRESETS, Script, ScriptError, parsed
from simulator.wire import Request, json_response, read_request


class Simulator:
    """The scripts by name, and one record for each request to a model or agent."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = dict(PRESETS)
        self.seen: list[dict[str, Any]] = []
        self._played: Counter[str] = Counter()

    async def serve(self, host: str, port: int) -> None:
        """Answer until cancelled; prints the port that was taken."""
        server = await asyncio.start_server(self._connection, host, port, limit=2**22)
        taken: int = server.sockets[0].getsockname()[1]
        print(f"simulator listens on {taken}", flush=True)  # noqa: T201 - how its starter learns it
        async with server:
            await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(Broken, ConnectionError):
            while (request := await read_request(reader)) is not None:
                async for part in self._answer(request):
                    writer.write(part)
                    await writer.drain()
        writer.close()

    def _answer(self, request: Request) -> AsyncIterator[bytes]:
        parts = request.path.strip("/").split("/")
        match parts:
            case ["v1", "chat", "completions"]:
                name = str(request.json().get("model", "")).removeprefix("sim:")
                return self._play(name, request, openai_chat.respond)
            case ["agents", name, "api", "chat"]:
                return self._play(name, request, agent.respond)
            case ["_sim", "scripts", name]:
                return _once(self._store(name, request))
            case ["_sim", "requests"]:
                since = int(parse_qs(request.query).get("since", ["0"])[0])
                return _once(json_response(200, {"requests": self.seen[since:]}))
            case ["_sim", "health"]:
                return _once(json_response(200, {"status": "ok"}))
            case _:
                return _once(json_response(404, {"error": {"message": "Not found"}}))

    def _play(self, name: str, request: Request, respond: Any) -> AsyncIterator[bytes]:
        number = self._played[name]
        self._played[name] += 1
        self.seen.append(_evidence(name, number, request))
        if respond is openai_chat.respond and name not in self.scripts:
            return _once(json_response(404, {"error": {"message": f"no model {name}"}}))
        return respond(request, self.scripts.get(name, Script()), number)

    def _store(self, name: str, request: Request) -> bytes:
        try:
            self.scripts[name] = parsed(name, request.json())
        except ScriptError as wrong:
            return json_response(400, {"error": {"message": str(wrong)}})
        self._played[name] = 0
        return json_response(200, {"stored": name})


async def _once(response: bytes) -> AsyncIterator[bytes]:
    yield response


def _evidence(name: str, number: int, request: Request) -> dict[str, Any]:
    """Header names, and of the key only its hash: what a test may count from."""
    key = request.headers.get("authorization", "")
    return {
        "script": name,
        "number": number,
        "at_ns": time.perf_counter_ns(),
        "call_id": request.headers.get("x-client-request-id"),
        "headers": sorted(request.headers),
        "key_sha256": hashlib.sha256(key.encode()).hexdigest() if key else None,
    }
