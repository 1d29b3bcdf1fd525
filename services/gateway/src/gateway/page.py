"""The built page: its files, and its index for every address the page itself understands."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from gateway.problems import NotFound, problem

STATIC = Path(str(files("gateway"))) / "static"
MISSING = "The page is not built: run `make web`. The API answers; see /openapi.json.\n"
RESERVED: Final = frozenset({"api", "assets", "docs", "metrics", "redoc", "ws"})
"""First parts of addresses that other things than the page answer, here or at other servers."""


def shown(path: str) -> bool:
    """Whether this may be one of the page's own addresses; the page itself knows which it has."""
    if path == "/":
        return True
    first, *rest = path.removeprefix("/").split("/")
    return first not in RESERVED and all((first, *rest)) and "." not in path


class Page:
    """What answers where no route does."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._files = {
            f"/{file.relative_to(folder).as_posix()}": file
            for file in folder.rglob("*")
            if file.is_file()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).close()
            return
        await self._answer(Request(scope, receive))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        path: str = request.scope["path"]
        if path not in self._files and not shown(path):
            return problem(request, 404, str(NotFound()))
        if request.method not in ("GET", "HEAD"):
            return problem(request, 405, "Method Not Allowed", {"Allow": "GET, HEAD"})
        if not self._files:
            return PlainTextResponse(MISSING)
        if path in self._files and path != "/index.html":
            forever = "public, max-age=31536000, immutable" if "/assets/" in path else "no-cache"
            return FileResponse(self._files[path], headers={"Cache-Control": forever})
        return FileResponse(self._folder / "index.html", headers={"Cache-Control": "no-cache"})
