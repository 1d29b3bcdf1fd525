"""A server of bare sockets for one test: it says exactly the bytes it is told, when it is told."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass
class Conversation:
    """One request, read whole, and the socket to answer on."""

    head: str
    body: bytes
    writer: asyncio.StreamWriter

    async def say(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def stream(self, *events: str, kind: str = "text/event-stream") -> None:
        """A head, and these events; the body ends with the connection."""
        await self.say(head(200, f"Content-Type: {kind}"))
        for event in events:
            await self.say(f"data: {event}\n\n".encode())

    async def refuse(self, status: int, content: object, *headers: str) -> None:
        body = json.dumps(content).encode()
        await self.say(head(status, f"Content-Length: {len(body)}", *headers), body)

    def reset(self) -> None:
        """RST instead of FIN."""
        self.writer.transport.abort()

    async def hang(self) -> None:
        await asyncio.Event().wait()


Answer: TypeAlias = Callable[[Conversation], Awaitable[None]]


@dataclass
class RawServer:
    """Where it listens, and the requests it was asked."""

    port: int = 0
    asked: list[Conversation] = field(default_factory=list[Conversation])
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def head(status: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} X", *headers, "", ""]).encode()


def delta(content: str, finish: str | None = None, **more: Any) -> str:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return json.dumps({"model": "m-1", "choices": [choice], **more})


@asynccontextmanager
async def serving(answer: Answer) -> AsyncGenerator[RawServer]:
    """Answer each connection's request with `answer`; on the way out all connections end."""
    seen, tasks = RawServer(), set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            talk = await _request(reader, writer)
            seen.asked.append(talk)
            async with asyncio.TaskGroup() as both:
                watching = both.create_task(_watch(reader, seen.hung_up))
                await answer(talk)
                watching.cancel()
        writer.close()
        tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield seen
        finally:
            for task in tuple(tasks):
                task.cancel()


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Conversation:
    raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    sizes = [line.split(":")[1] for line in raw.lower().split("\r\n") if "content-length:" in line]
    return Conversation(raw, await reader.readexactly(int(sizes[0]) if sizes else 0), writer)


async def _watch(reader: asyncio.StreamReader, hung_up: asyncio.Event) -> None:
    """The client sends nothing more; what it does is hang up."""
    with suppress(ConnectionError):
        await reader.read()
    hung_up.set()
