"""One NATS connection, with nats-py's surprises taken out.

It is tried for ever; nothing is sent while it is away, and what is under way ends when it breaks. A
cancellation that nats-py swallows is heeded all the same.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final, TypeAlias, TypeVar

from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

logger = logging.getLogger(__name__)

T = TypeVar("T")
Hear: TypeAlias = Callable[[Msg], None]
Callback: TypeAlias = Callable[[Msg], Awaitable[None]]
Message: TypeAlias = tuple[str, bytes, dict[str, str]]
"""Subject, payload, headers."""

CLOSE_WITHIN_S: Final = 2.0
AWAY: Final = (errors.Error, OSError)


class BusUnavailable(Exception):
    """The message bus cannot be reached, or nobody answers there."""


class Connection:
    """Opened by `open`, which returns once it stands for the first time."""

    def __init__(self) -> None:
        self.client = Client()
        self._on_break: set[Callable[[], None]] = set()

    @property
    def connected(self) -> bool:
        return self.client.is_connected

    async def open(self, url: str, name: str, user: str | None, password: str | None) -> None:
        client: Any = self.client  # it takes a part of a second, too, for reconnect_time_wait
        await client.connect(
            url,
            name=name,
            user=user,
            password=password,
            error_cb=self._failed,
            disconnected_cb=self._lost,
            reconnected_cb=self._regained,
            ping_interval=10,
            max_outstanding_pings=2,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,
        )

    async def close(self) -> None:
        with suppress(TimeoutError, *AWAY):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await heeding(self.client.close())

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
            await heeding(self.client.publish(subject, payload, reply=reply, headers=headers))
        except AWAY as error:
            raise BusUnavailable from error

    async def publish_all(self, messages: Iterable[Message]) -> None:
        """The same for many, in order. Raises BusUnavailable, some of them sent or not."""
        if not self.connected:
            raise BusUnavailable
        try:
            await heeding(_publish_all(self.client, messages))
        except AWAY as error:
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
                    return await heeding(asked)
                finally:
                    unhook()
        except AWAY as error:
            raise BusUnavailable from error

    async def subscribe(self, subject: str, hear: Hear) -> Subscription:
        """Call `hear` with each message until the caller ends it. Raises BusUnavailable."""
        if not self.connected:
            raise BusUnavailable
        try:
            return await self.subscribed(subject, "", awaitable(hear))
        except AWAY as error:
            raise BusUnavailable from error

    async def subscribed(self, subject: str, queue: str, callback: Callback) -> Subscription:
        """nats-py's own, which lasts over reconnects. Raises what it raises."""
        client: Any = self.client
        return await heeding(client.subscribe(subject, queue=queue, cb=callback))

    async def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription, whatever state the connection is in."""
        with suppress(*AWAY):
            await heeding(subscription.unsubscribe())

    def on_break(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Have `tell` called whenever messages may have been lost; the result ends that."""
        self._on_break.add(tell)
        return lambda: self._on_break.discard(tell)

    def broken(self) -> None:
        """Messages may have been lost: the connection went, or a subscription overflowed."""
        for tell in tuple(self._on_break):
            tell()

    async def _failed(self, error: Exception) -> None:
        if isinstance(error, errors.SlowConsumerError):
            self.broken()
        logger.debug("bus: %s", str(error) or type(error).__name__)

    async def _lost(self) -> None:
        if not self.client.is_closed:
            logger.warning("bus lost")
            self.broken()

    async def _regained(self) -> None:
        logger.warning("bus regained")


async def _publish_all(client: Client, messages: Iterable[Message]) -> None:
    for subject, payload, headers in messages:
        await client.publish(subject, payload, headers=headers)


async def heeding(work: Coroutine[Any, Any, T]) -> T:
    """`work`, and the cancellation that nats-py swallows when it comes together with an answer."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        return await work
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


def awaitable(hear: Hear) -> Callback:
    async def callback(message: Msg) -> None:
        hear(message)

    return callback
