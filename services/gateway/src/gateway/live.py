"""/ws: what happens to the caller's schedules and runs, as it happens, and resumable.

`sync` first, then each event of the caller's, once and in order, from where the client's token
says: out of the log, then the ring, then as it comes.
"""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from chassis import clock
from gateway import knock, reads
from gateway.hub import Outbox
from gateway.paging import FIRST, Page
from gateway.problems import NotAuthenticated
from gateway.reads import RunFilter
from gateway.resume import Reset, Token, resumed
from gateway.ring import frame_of
from gateway.site import Site
from gateway.tokens import Caller
from gateway.views.rows import ENDED, RunStatus
from gateway.wire.job import Job, job

router = APIRouter()

ACTIVE: Final[list[RunStatus]] = ["pending", "queued", "running"]
CLOSE_WITHIN_S: Final = 5.0
BACKLOG: Final = 500


@dataclass(frozen=True, slots=True)
class Ending:
    """Why we close: 4001 no token, 4008 too many sockets, 4009 too slow to follow."""

    code: int
    reason: str


@router.websocket("/ws")
async def websocket(socket: WebSocket) -> None:
    site: Site = socket.app.state.site
    with suppress(WebSocketDisconnect):
        await knock.accept(socket)
        if ending := await _served(site, socket):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await socket.close(ending.code, ending.reason)


async def _served(site: Site, socket: WebSocket) -> Ending | None:
    try:
        caller = await knock.introduced(socket, site.tokens)
    except NotAuthenticated as refused:
        return Ending(4001, str(refused))
    if not site.hub.arrive(caller.user_id, site.settings.gateway.sockets_per_user):
        return Ending(4008, "too many connections")
    try:
        return await Session(site, socket, caller).run()
    finally:
        site.hub.depart(caller.user_id)


class Session:
    """One client: where it stands in the log, and what waits for it."""

    def __init__(self, site: Site, socket: WebSocket, caller: Caller) -> None:
        self._site, self._socket, self._caller = site, socket, caller
        self._hub, self._owner = site.hub, caller.user_id
        self._outbox = Outbox(self._owner, site.settings.gateway.slow_bytes)
        self._cursor, self._began, self._moved = 0, False, False

    async def run(self) -> Ending | None:
        """Until either side has enough."""
        try:
            await self._sync(self._socket.query_params.get("resume"))
            return await _first(self._send(), self._listen(), self._slow(), self._expired())
        finally:
            self._hub.leave(self._outbox)

    async def _sync(self, resume: str | None) -> None:
        """Where the stream goes on from, and what is going on now."""
        start = Token(self._hub.log_id, self._site.freshness.position)
        if resume is not None:
            found = await self._resumed(resume)
            if isinstance(found, Reset):
                await self._reset(found, start)
            else:
                start = found
        self._cursor = start.position
        active, recent = await self._jobs(ACTIVE, 500), await self._jobs(sorted(ENDED), 10)
        await self._socket.send_json(
            {
                "type": "sync",
                "resume": str(start),
                "position": start.position,
                "active_jobs": [each.model_dump(mode="json") for each in active],
                "recent_jobs": [each.model_dump(mode="json") for each in recent],
            }
        )

    async def _resumed(self, text: str) -> Token | Reset:
        head = await self._site.log.head()
        furthest = self._site.settings.gateway.resume_positions
        return resumed(text, Token(head.log_id, head.position), furthest)

    async def _reset(self, found: Reset, start: Token) -> None:
        await self._socket.send_json(
            {
                "type": "reset",
                "reason": found.reason,
                "resume": str(start),
                "position": start.position,
            }
        )

    async def _jobs(self, statuses: list[RunStatus], most: int) -> list[Job]:
        pool, page = self._site.log.pool, Page(most, FIRST)
        rows, _ = await reads.runs(pool, self._owner, RunFilter(statuses=statuses), page)
        calls = await reads.calls(pool, rows[:most])
        return [job(row, len(calls[row.run_id])) for row in rows[:most]]

    async def _send(self) -> None:
        """Whatever the client has not seen, for as long as it is there."""
        with suppress(WebSocketDisconnect):
            while True:
                self._moved = False
                await self._catch_up()
                await self._follow()

    async def _catch_up(self) -> None:
        """The log's pages, then the ring's frames, until nothing is missing; then join."""
        ring = self._hub.ring
        while not self._moved:
            if not ring.holds(self._cursor):
                await self._send_page(ring.first - 1)
            elif frames := ring.after(self._cursor, self._owner):
                for frame in frames:
                    await self._event(frame.position, frame.text)
            else:
                self._cursor = max(self._cursor, ring.last)
                self._hub.join(self._outbox, self._cursor)
                return

    async def _send_page(self, until: int) -> None:
        rows = await reads.backlog(self._site.log.pool, self._owner, self._cursor, until, BACKLOG)
        if self._moved:  # meanwhile the client asked to go on from elsewhere
            return
        for row in rows:
            await self._event(row.position, frame_of(self._hub.log_id, row).text)
        if len(rows) < BACKLOG:
            self._cursor = max(self._cursor, until)

    async def _follow(self) -> None:
        while not self._moved:
            frame = await self._outbox.take(self._site.settings.gateway.idle_seconds)
            if self._moved:
                return
            if frame is not None:
                await self._event(frame.position, frame.text)
            else:
                self._cursor = max(self._cursor, self._hub.ring.last)
                await self._socket.send_text(f'{{"position":{self._cursor}}}')

    async def _event(self, position: int, text: str) -> None:
        self._began = True
        await self._socket.send_text(text)
        self._cursor = position

    async def _listen(self) -> None:
        """Answer the client until it goes. What we do not know, a newer client may mean."""
        with suppress(WebSocketDisconnect):
            while True:
                match _message(await self._socket.receive()):
                    case {"type": "ping"}:
                        await self._socket.send_json({"type": "pong"})
                    case {"type": "resume", "token": str(token)}:
                        await self._move(token)
                    case _:
                        continue

    async def _move(self, text: str) -> None:
        """Go on from this token instead, as long as no event was sent that it would repeat."""
        found = await self._resumed(text)
        if isinstance(found, Reset) or self._began:
            refused = found if isinstance(found, Reset) else Reset("too_late")
            await self._reset(refused, Token(self._hub.log_id, self._cursor))
            return
        self._cursor, self._moved = found.position, True
        self._hub.leave(self._outbox)
        self._outbox.wake()

    async def _slow(self) -> Ending:
        await self._outbox.full.wait()
        return Ending(4009, f"slow_consumer {Token(self._hub.log_id, self._cursor)}")

    async def _expired(self) -> Ending:
        left = (self._caller.until - clock.now()).total_seconds()
        await asyncio.sleep(left)
        return Ending(4001, "Token expired")


async def _first(*ways: Coroutine[Any, Any, Ending | None]) -> Ending | None:
    """What the first of these to end has to say; the others are cancelled."""
    async with asyncio.TaskGroup() as tasks:
        going = [tasks.create_task(way) for way in ways]
        done, rest = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
    return next((ending for task in done if (ending := task.result())), None)


def _message(received: Mapping[str, Any]) -> Any:
    """The JSON in a frame, or null. Raises WebSocketDisconnect."""
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received.get("code", 1005))
    try:
        return json.loads(received.get("text") or "null")
    except (ValueError, RecursionError):
        return None
