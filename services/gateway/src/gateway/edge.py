"""Around every request: a trailing slash means the same, no NUL, and browsers take care."""

from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import problem

SLASHED: Final = "gateway.slashed"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Edge:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = _unslashed(scope)
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _guard(MutableHeaders(scope=message), scope["path"])
            await send(message)

        app = _refuse_nul if _has_nul(scope) else self._app
        await app(scope, receive, guarded)


def slashed(request: HTTPConnection) -> bool:
    """Whether the client asked with a trailing slash."""
    return request.scope.get(SLASHED, False)


def _unslashed(scope: Scope) -> Scope:
    path: str = scope["path"]
    if path == "/" or not path.endswith("/"):
        return scope
    changed: dict[str, Any] = {**scope, "path": path.rstrip("/") or "/", SLASHED: True}
    return changed


def _has_nul(scope: Scope) -> bool:
    """PostgreSQL's text holds no NUL, so no path or query with one names anything."""
    query: bytes = scope["query_string"]
    return "\0" in scope["path"] or b"%00" in query or b"\0" in query


async def _refuse_nul(scope: Scope, receive: Receive, send: Send) -> None:
    refused = problem(Request(scope), 400, "The address must not contain NUL characters")
    await refused(scope, receive, send)


def _guard(headers: MutableHeaders, path: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if path.startswith("/api"):
        headers.setdefault("Cache-Control", "no-store")
