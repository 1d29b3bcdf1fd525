"""The message bus of one process: commands asked and answered, and pokes that the log has grown.

NATS may be down when the process starts and may go away at any time; `connected` says how it
stands. What is sent here is safe to lose or to repeat.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from contracts.subjects import POKE
from eventlog.connection import AWAY, BusUnavailable, Callback, Connection, Hear, awaitable, heeding

__all__ = ["AnswerFailed", "Bus", "BusUnavailable", "Pokes", "connect"]

logger = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[bytes], Awaitable[bytes]]

FIRST_WAIT_S: Final = 2.0
HANDLERS_AT_ONCE: Final = 256
_ERROR: Final = "Nats-Service-Error"
_ERROR_CODE: Final = "Nats-Service-Error-Code"


class AnswerFailed(Exception):
    """The service that was asked failed on this request; its log says why."""


class Pokes:
    """Hints that the log has grown. They may be lost: whoever waits here also polls."""

    def __init__(self) -> None:
        self.heard = 0
        self._next = asyncio.Event()

    def hear(self, _message: Msg) -> None:
        self.heard += 1
        self._next.set()
        self._next = asyncio.Event()

    async def after(self, heard: int, timeout_s: float) -> None:
        """Return once more than `heard` pokes were heard, or after `timeout_s`."""
        if self.heard > heard:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._next.wait()


class Bus(Connection):
    """Made by `connect`."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        super().__init__()
        self._tasks = tasks
        self._places = asyncio.Semaphore(HANDLERS_AT_ONCE)
        self._opened = False
        self._wanted: list[tuple[str, str, Callback]] = []
        self._kept: list[Subscription] = []
        self._pokes: Pokes | None = None

    async def poke(self, position: int) -> None:
        """Tell every reader that the log has grown to `position`. Best effort, never raises."""
        if self.connected:
            with suppress(*AWAY):
                await heeding(self.client.publish(POKE, b"%d" % position))

    async def pokes(self) -> Pokes:
        """The pokes of all appenders, heard from the first call on."""
        if self._pokes is None:
            self._pokes = Pokes()
            await self.listen(POKE, self._pokes.hear)
        return self._pokes

    async def ask(self, subject: str, payload: bytes, timeout_s: float = 2.0) -> bytes:
        """The answer of one of those who serve `subject`.

        Raises AnswerFailed, or BusUnavailable when none came within `timeout_s`: it may have been
        done all the same, so ask again under the same key.
        """
        reply = await self.request(subject, payload, timeout_s=timeout_s)
        if reply.headers and _ERROR_CODE in reply.headers:
            raise AnswerFailed(reply.headers.get(_ERROR, ""))
        return reply.data

    async def answer(self, subject: str, queue: str, handler: Handler) -> None:
        """Serve `subject` as one of `queue`, many requests side by side, until the bus closes.

        A handler that raises fails its own request and no other.
        """

        async def accept(message: Msg) -> None:
            await self._places.acquire()
            self._tasks.create_task(self._respond(message, handler))

        await self._keep(subject, queue, accept)

    async def listen(self, subject: str, hear: Hear) -> None:
        """Call `hear` with each message on `subject`, also after reconnects, until the bus closes.

        Core NATS: what is published while the connection is away is not heard.
        """
        await self._keep(subject, "", awaitable(hear))

    async def begin(self, url: str, name: str, user: str | None, password: str | None) -> None:
        """Open, and subscribe to what was asked for until then."""
        await self.open(url, name, user, password)
        while self._wanted:
            await self._subscribe(*self._wanted.pop(0))
        self._opened = True

    async def stop_listening(self) -> None:
        """Take no more messages; what is being answered goes on."""
        for subscription in self._kept:
            await self.unsubscribe(subscription)

    async def _keep(self, subject: str, queue: str, callback: Callback) -> None:
        if self._opened:
            await self._subscribe(subject, queue, callback)
        else:
            self._wanted.append((subject, queue, callback))

    async def _subscribe(self, subject: str, queue: str, callback: Callback) -> None:
        self._kept.append(await self.subscribed(subject, queue, callback))
        with suppress(*AWAY):
            await heeding(self.client.flush())

    async def _respond(self, message: Msg, handler: Handler) -> None:
        try:
            reply, headers = await handler(message.data), None
        except Exception as error:
            logger.exception("no answer to %s", message.subject)
            reply, headers = b"", {_ERROR_CODE: "500", _ERROR: type(error).__name__}
        finally:
            self._places.release()
        if message.reply:
            with suppress(BusUnavailable):
                await self.publish(message.reply, reply, headers=headers)


@asynccontextmanager
async def connect(
    url: str, *, name: str, user: str | None = None, password: str | None = None
) -> AsyncGenerator[Bus]:
    """The process's connection. Entered after 2 s at the latest, connected or not.

    On the way out no more is taken, and what is being answered is answered.
    """
    tasks, body = asyncio.TaskGroup(), list[Exception]()
    bus = Bus(tasks)
    try:
        async with tasks:
            opening = tasks.create_task(bus.begin(url, name, user, password), name="bus")
            await asyncio.wait({opening}, timeout=FIRST_WAIT_S)
            try:
                yield bus
            except Exception as error:
                body.append(error)
                raise
            finally:
                opening.cancel()
                await bus.stop_listening()
    except ExceptionGroup as group:
        if list(group.exceptions) == body:
            raise body[0] from None
        raise
    finally:
        await bus.close()
