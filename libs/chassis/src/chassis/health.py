"""/livez and /readyz: alive is the loop turning, ready is every named part having reported well."""

import json
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from chassis.settings import Health as HealthSettings


class Health:
    """What each part of the process last said of itself; a part is not ready until it has."""

    def __init__(self, *parts: str) -> None:
        self._parts: dict[str, str | None] = dict.fromkeys(parts, "starting")

    def well(self, part: str) -> None:
        self._parts[part] = None

    def ill(self, part: str, why: str) -> None:
        self._parts[part] = why

    @property
    def ready(self) -> bool:
        return all(why is None for why in self._parts.values())

    def report(self) -> dict[str, Any]:
        """`{"ready": bool, "parts": {name: "ok" or why not}}`."""
        return {
            "ready": self.ready,
            "parts": {part: why or "ok" for part, why in self._parts.items()},
        }


Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


async def serve_health(health: Health, settings: HealthSettings) -> None:
    """Answer the probes until cancelled."""

    async def app(scope: dict[str, Any], _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, body = _answer(health, scope["path"])
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    config = uvicorn.Config(
        app, settings.host, settings.port, lifespan="off", log_config=None, access_log=False
    )
    await served(Server(config))


async def served(server: "Server") -> None:
    """Serve until cancelled, and then let go of the sockets."""
    try:
        await server.serve()
    finally:
        if server.started:
            await server.shutdown()


class Server(uvicorn.Server):
    """A uvicorn that leaves the process's signals to chassis.lifecycle."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _answer(health: Health, path: str) -> tuple[int, dict[str, Any]]:
    match path.rstrip("/"):
        case "/livez":
            return 200, {"alive": True}
        case "/readyz":
            return (200 if health.ready else 503), health.report()
        case _:
            return 404, {"detail": "Not found"}
