"""The NATS connection of one process: commands asked and answered, pokes, and news of breaks.

NATS may be down when the process starts and may go away at any time; the connection is tried for
ever, and `connected` says how it stands. What is sent here is safe to lose or to repeat.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeAlias, TypeVar

from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from contracts.subjects import POKE

logger = logging.getLogger(__name__)

T = TypeVar("T")
Hear: TypeAlias = Callable[[Msg], None]
Handler: TypeAlias = Callable[[bytes], Awaitable[bytes]]
_Callback: TypeAlias = Callable[[Msg], Awaitable[None]]

FIRST_WAIT_S: Final = 2.0
CLOSE_WITHIN_S: Final = 2.0
HANDLERS_AT_ONCE: Final = 256
_ERROR: Final = "Nats-Service-Error"
_ERROR_CODE: Final = "Nats-Service-Error-Code"
_AWAY: Final = (errors.Error, OSError)


class BusUnavailable(Exception):
    """The message bus cannot be reached, or nobody answers there."""


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


class Bus:
    """Made by `connect`."""

    def __init__(self, client: Client, tasks: asyncio.TaskGroup) -> None:
        self.client, self._tasks = client, tasks
        self._places = asyncio.Semaphore(HANDLERS_AT_ONCE)
        self._opened = False
        self._wanted: list[tuple[str, str, _Callback]] = []
        self._kept: list[Subscription] = []
        self._pokes: Pokes | None = None
        self._on_break: set[Callable[[], None]] = set()

    @property
    def connected(self) -> bool:
        return self.client.is_connected

    async def poke(self, position: int) -> None:
        """Tell every reader that the log has grown to `position`. Best effort, never raises."""
        if self.connected:
            with suppress(*_AWAY):
                await _heeding(self.client.publish(POKE, b"%d" % position))

    async def pokes(self) -> Pokes:
        """The pokes of all appenders, heard from the first call on."""
        if self._pokes is None:
            self._pokes = Pokes()
            await self.listen(POKE, self._pokes.hear)
        return self._pokes

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        reply: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Hand a message to the connection. Raises BusUnavailable: none waits for better days."""
        if not self.connected:
            raise BusUnavailable
        try:
            await _heeding(self.client.publish(subject, payload, reply=reply, headers=headers))
        except _AWAY as error:
            raise BusUnavailable from error

    async def request(
        self,
        subject: str,
        payload: bytes,
        *,
        timeout_s: float = 2.0,
        headers: dict[str, str] | None = None,
    ) -> Msg:
        """The reply with its headers. Raises BusUnavailable, at once when the connection breaks."""
        if not self.connected:
            raise BusUnavailable
        asked = self.client.request(subject, payload, timeout_s, headers=headers)
        try:
            async with asyncio.timeout(timeout_s) as deadline:
                unhook = self.on_break(lambda: deadline.reschedule(0))
                try:
                    return await _heeding(asked)
                finally:
                    unhook()
        except _AWAY as error:
            raise BusUnavailable from error

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
        await self._keep(subject, "", _awaitable(hear))

    async def subscribe(self, subject: str, hear: Hear) -> Subscription:
        """The same, ended by the caller. Raises BusUnavailable."""
        if not self.connected:
            raise BusUnavailable
        try:
            return await _subscribed(self.client, subject, "", _awaitable(hear))
        except _AWAY as error:
            raise BusUnavailable from error

    async def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription, whatever state the connection is in."""
        with suppress(*_AWAY):
            await _heeding(subscription.unsubscribe())

    def on_break(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Have `tell` called whenever messages may have been lost; the result ends that."""
        self._on_break.add(tell)
        return lambda: self._on_break.discard(tell)

    def broken(self) -> None:
        """Messages may have been lost: the connection went, or a subscription overflowed."""
        for tell in tuple(self._on_break):
            tell()

    async def opened(self) -> None:
        """The first connection stands: subscribe to what was asked for so far."""
        while self._wanted:
            await self._subscribe(*self._wanted.pop(0))
        self._opened = True

    async def stop_listening(self) -> None:
        """Take no more messages; what is being answered goes on."""
        for subscription in self._kept:
            await self.unsubscribe(subscription)

    async def _keep(self, subject: str, queue: str, callback: _Callback) -> None:
        if self._opened:
            await self._subscribe(subject, queue, callback)
        else:
            self._wanted.append((subject, queue, callback))

    async def _subscribe(self, subject: str, queue: str, callback: _Callback) -> None:
        self._kept.append(await _subscribed(self.client, subject, queue, callback))
        with suppress(*_AWAY):
            await _heeding(self.client.flush())

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


async def _heeding(work: Coroutine[Any, Any, T]) -> T:
    """`work`, and the cancellation that nats-py swallows when it comes together with an answer."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        return await work
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


async def _subscribed(client: Any, subject: str, queue: str, callback: _Callback) -> Subscription:
    return await _heeding(client.subscribe(subject, queue=queue, cb=callback))


def _awaitable(hear: Hear) -> _Callback:
    async def callback(message: Msg) -> None:
        hear(message)

    return callback


@asynccontextmanager
async def connect(
    url: str, *, name: str, user: str | None = None, password: str | None = None
) -> AsyncGenerator[Bus]:
    """The process's connection. Entered after 2 s at the latest, connected or not.

    On the way out no more is taken, and what is being answered is answered.
    """
    client, body = Client(), list[Exception]()
    try:
        async with asyncio.TaskGroup() as tasks:
            bus = Bus(client, tasks)
            opening = tasks.create_task(_open(bus, url, name, user, password), name="bus")
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
        with suppress(TimeoutError, *_AWAY):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await _heeding(client.close())


async def _open(bus: Bus, url: str, name: str, user: str | None, password: str | None) -> None:
    client: Any = bus.client  # it takes a part of a second, too, for reconnect_time_wait

    async def failed(error: Exception) -> None:
        if isinstance(error, errors.SlowConsumerError):
            bus.broken()
        logger.debug("bus: %s", str(error) or type(error).__name__)

    async def lost() -> None:
        if not client.is_closed:
            logger.warning("bus lost")
            bus.broken()

    async def regained() -> None:
        logger.warning("bus regained")

    await client.connect(
        url,
        name=name,
        user=user,
        password=password,
        error_cb=failed,
        disconnected_cb=lost,
        reconnected_cb=regained,
        ping_interval=10,
        max_outstanding_pings=2,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.25,
    )
    await bus.opened()
