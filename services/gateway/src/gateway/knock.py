"""Who is at the door of a WebSocket: the token may come in four ways, tried in this order.

`Authorization` header; subprotocol `bearer, <token>`; `?token=`, for clients that cannot do
otherwise; else the first text message, `Bearer <token>`, within five seconds.
"""

import asyncio
from typing import Final

from starlette.websockets import WebSocket

from chassis import clock
from gateway.problems import NotAuthenticated
from gateway.tokens import Caller, Tokens

FIRST_MESSAGE_S: Final = 5.0
SUBPROTOCOL: Final = "bearer"


async def accept(socket: WebSocket) -> None:
    """Also those who will be turned away: a browser sees no code of a refused handshake."""
    offered: list[str] = socket.scope["subprotocols"]
    await socket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)


async def introduced(socket: WebSocket, tokens: Tokens) -> Caller:
    """Raises NotAuthenticated, with its subclasses; WebSocketDisconnect."""
    token = _presented(socket)
    if token is not None:
        return tokens.read(token, clock.now())
    try:
        async with asyncio.timeout(FIRST_MESSAGE_S):
            message = await socket.receive_text()
    except (TimeoutError, KeyError):
        raise NotAuthenticated from None
    caller = tokens.read(_bearer(message), clock.now())
    user = {"id": caller.user_id, "email": caller.email, "role": caller.role}
    await socket.send_json({"type": "authenticated", "user": user})
    return caller


def _presented(socket: WebSocket) -> str | None:
    if header := socket.headers.get("authorization"):
        return _bearer(header)
    offered: list[str] = socket.scope["subprotocols"]
    if offered[:1] == [SUBPROTOCOL] and len(offered) == 2:
        return offered[1]
    return socket.query_params.get("token")


def _bearer(text: str) -> str:
    scheme, _, token = text.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated
    return token
