"""What a JetStream consumer delivers to one process: asked for in advance, never waited for.

One inbox for life, whose callback only puts the message down. Whatever may have cost a message (a
reconnect, an overflow, silence, a consumer that is gone) ends in `Broken`, once what did arrive is
taken; the caller then reads on from elsewhere, or begins anew.
"""

import asyncio
import json
from contextlib import suppress
from typing import Any, Final

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from contracts.subjects import STREAM
from eventlog.bus import Bus, BusUnavailable
from eventlog.jetstream import JetStreamError, call

SECOND_NS: Final = 1_000_000_000
EXPIRES_S: Final = 30
HEARTBEAT_S: Final = 5
SILENCE_S: Final = 2 * HEARTBEAT_S
_STATUS: Final = "Status"
_HEARTBEAT, _NOTHING, _TIMED_OUT = "100", "404", "408"


class Broken(Exception):
    """Messages may have been lost on the way from JetStream."""


class Pull:
    """`asked` is how many more messages may come unasked."""

    def __init__(self, bus: Bus) -> None:
        self.asked = 0
        self._bus, self._inbox, self._round = bus, bus.client.new_inbox(), 0
        self._consumer = ""
        self._subscription: Subscription | None = None
        self._arrived: list[Msg] = []
        self._why: str | None = None
        self._news = asyncio.Event()
        self._heard = 0.0
        self._unhook = bus.on_break(lambda: self._break("disconnected"))

    async def begin(self, configuration: dict[str, Any]) -> None:
        """Make the consumer, or find it as it is. What was asked before counts no more.

        Raises Broken.
        """
        self._round += 1
        self.asked, self._why, self._consumer = 0, None, configuration["name"]
        request = {"stream_name": STREAM, "config": configuration}
        try:
            if self._subscription is None:
                self._subscription = await self._bus.subscribe(f"{self._inbox}.*", self._hear)
            await call(self._bus, f"CONSUMER.CREATE.{STREAM}.{self._consumer}", request)
        except (JetStreamError, BusUnavailable) as error:
            raise Broken(str(error) or type(error).__name__) from error

    async def ask(self, count: int) -> None:
        """Let `count` more messages come. Raises Broken."""
        request = {
            "batch": count,
            "expires": EXPIRES_S * SECOND_NS,
            "idle_heartbeat": HEARTBEAT_S * SECOND_NS,
        }
        if not self.asked:
            self._heard = _now()
        self.asked += count
        try:
            await self._bus.publish(
                f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self._consumer}",
                json.dumps(request).encode(),
                reply=f"{self._inbox}.{self._round}",
            )
        except BusUnavailable as error:
            raise Broken("disconnected") from error

    async def next(self, limit: int, timeout_s: float) -> list[Msg]:
        """Up to `limit` of what has arrived, in order; [] after `timeout_s` or `wake`.

        Raises Broken.
        """
        if not self._arrived and self._why is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._news.wait()
        self._news.clear()
        taken, self._arrived = self._arrived[:limit], self._arrived[limit:]
        if not taken:
            self._check()
        return taken

    def wake(self) -> None:
        """Have `next` return."""
        self._news.set()

    async def close(self) -> None:
        """End the inbox."""
        self._unhook()
        if self._subscription is not None:
            await self._bus.unsubscribe(self._subscription)

    async def drop(self) -> None:
        """Delete the consumer, if that can be done now; else its inactivity does it."""
        if self._consumer and self._bus.connected:
            with suppress(JetStreamError, BusUnavailable):
                await call(self._bus, f"CONSUMER.DELETE.{STREAM}.{self._consumer}")

    def _hear(self, message: Msg) -> None:
        self._heard = _now()
        told = message.headers or {}
        if _STATUS in told:
            self._hear_status(message, told)
        else:
            self.asked = max(0, self.asked - 1)
            self._arrived.append(message)
            self._news.set()

    def _hear_status(self, message: Msg, told: dict[str, str]) -> None:
        status = told[_STATUS]
        if not message.subject.endswith(f".{self._round}") or status in (_HEARTBEAT, _NOTHING):
            return
        if status == _TIMED_OUT:
            self.asked = max(0, self.asked - int(told.get("Nats-Pending-Messages", "0")))
            self._news.set()
        else:
            self._break(told.get("Description", status))

    def _break(self, why: str) -> None:
        self._why = why
        self._news.set()

    def _check(self) -> None:
        if self._why is None and self.asked and _now() - self._heard > SILENCE_S:
            self._why = "silence"
        if self._why is not None:
            raise Broken(self._why)


def _now() -> float:
    return asyncio.get_running_loop().time()
