"""A client of the WebSocket that notes what it hears."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gateways import User


class Listener:
    """A client that notes what it gets."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.other: list[dict[str, Any]] = []

    @property
    def positions(self) -> list[int]:
        return [frame["position"] for frame in self.events]

    @property
    def token(self) -> str:
        last = self.events[-1]
        return f"{last['logid']}:{last['position']}"

    async def next(self) -> dict[str, Any]:
        """One frame, within 10 s."""
        async with asyncio.timeout(10):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        (self.events if "event" in frame else self.other).append(frame)
        return frame

    async def until(self, position: int) -> None:
        """Listen until an event or an idle frame is at this position."""
        while (await self.next()).get("position", 0) < position:
            pass

    async def heard(self, kind: str) -> dict[str, Any]:
        while (frame := await self.next()).get("type") != kind:
            pass
        return frame

    async def closed(self) -> ConnectionClosed:
        try:
            while True:
                await self.next()
        except ConnectionClosed as closed:
            return closed


@asynccontextmanager
async def listening(
    address: str, user: User | None = None, resume: str | None = None, **given: Any
) -> AsyncGenerator[Listener]:
    headers = {"Authorization": f"Bearer {user.token}"} if user else {}
    path = f"ws://{address}/ws" + (f"?resume={resume}" if resume else "")
    async with connect(path, additional_headers=headers, **given) as socket:
        yield Listener(socket)
