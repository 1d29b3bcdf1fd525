"""RunRequested, shared out: one durable consumer for all replicas, each asking for its free slots.

A delivery is a reminder, not a claim: it comes again after `ack_wait_s` without a sign of life, or
when the consumer was lost and made anew. What becomes of it is settled in the run's own stream.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from nats.aio.msg import Msg

from contracts.subjects import event_filter
from eventlog.bus import Bus, BusUnavailable
from eventlog.pull import SECOND_NS, Broken, Pull
from eventlog.wire import frame

logger = logging.getLogger(__name__)

CONSUMER: Final = "runner"
ACK_WAIT_S: Final = 30.0
PENDING: Final = 1000
SURPLUS_S: Final = 1.0
_POLL_S: Final = 1.0
_RETRY_S: Final = (0.05, 2.0)


class Slots:
    """How many more runs this process takes. Every delivery takes one; its run gives it back."""

    def __init__(self, count: int) -> None:
        self.free = count
        self.freed: Callable[[], None] = lambda: None

    def take(self) -> bool:
        """Whether there was one."""
        taken = self.free > 0
        self.free -= taken
        return taken

    def give_back(self) -> None:
        self.free += 1
        self.freed()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as delivered; `count` is how often, which decides nothing."""

    position: int
    stream: str
    type: str
    body: bytes
    recorded_at: datetime
    _bus: Bus = field(repr=False)
    _reply: str = field(repr=False)

    async def ack(self) -> None:
        """Done: never again. Raises BusUnavailable."""
        await self._tell(b"+ACK")

    async def nak(self, delay_s: float) -> None:
        """Again, to anybody, after `delay_s`. Raises BusUnavailable."""
        await self._tell(b'-NAK {"delay":%d}' % int(delay_s * SECOND_NS))

    async def in_progress(self) -> None:
        """Still at it: the wait begins anew. Raises BusUnavailable."""
        await self._tell(b"+WPI")

    async def _tell(self, what: bytes) -> None:
        await self._bus.publish(self._reply, what)


async def work(
    bus: Bus, slots: Slots, *, ack_wait_s: float = ACK_WAIT_S, max_ack_pending: int = PENDING
) -> AsyncGenerator[Delivery]:
    """Deliveries for ever, each with one of `slots` taken for it.

    While the bus or its stream is away nothing is delivered. What arrives when the slots are taken
    otherwise meanwhile goes back for a second.
    """
    worker = _Worker(bus, slots, _configuration(ack_wait_s, max_ack_pending))
    try:
        while True:
            for message in await worker.next():
                if slots.take():
                    yield _delivery(bus, message)
                else:
                    await worker.return_surplus(message)
    finally:
        await worker.close()


class _Worker:
    def __init__(self, bus: Bus, slots: Slots, configuration: dict[str, Any]) -> None:
        self._bus, self._slots, self._configuration = bus, slots, configuration
        self._pull = Pull(bus)
        slots.freed = self._pull.wake
        self._begun, self._retry = False, _RETRY_S[0]

    async def next(self) -> list[Msg]:
        try:
            await self._begin()
            if self._slots.free > self._pull.asked:
                await self._pull.ask(self._slots.free - self._pull.asked)
            return await self._pull.next(self._pull.asked + PENDING, _POLL_S)
        except Broken as why:
            logger.warning("work is not delivered: %s", why)
            self._begun = False
            await asyncio.sleep(self._retry)
            self._retry = min(2 * self._retry, _RETRY_S[1])
            return []

    async def return_surplus(self, message: Msg) -> None:
        try:
            await _delivery(self._bus, message).nak(SURPLUS_S)
        except BusUnavailable:
            logger.warning("a surplus delivery waits for its time to run out")

    async def close(self) -> None:
        self._slots.freed = lambda: None
        await self._pull.close()

    async def _begin(self) -> None:
        if not self._begun:
            await self._pull.begin(self._configuration)
            self._begun, self._retry = True, _RETRY_S[0]


def _delivery(bus: Bus, message: Msg) -> Delivery:
    told = frame(message)
    return Delivery(
        told.position, told.stream, told.type, told.body, told.recorded_at, bus, message.reply
    )


def _configuration(ack_wait_s: float, max_ack_pending: int) -> dict[str, Any]:
    return {
        "name": CONSUMER,
        "durable_name": CONSUMER,
        "filter_subject": event_filter("run", "RunRequested"),
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": int(ack_wait_s * SECOND_NS),
        "max_deliver": -1,
        "max_ack_pending": max_ack_pending,
        "replay_policy": "instant",
    }
