"""EVT from a position on, through an ephemeral consumer in memory that asks for no acks."""

from typing import Any, Final

from eventlog.bus import Bus
from eventlog.pull import SECOND_NS, Pull
from eventlog.wire import Frame, frame

INACTIVE_S: Final = 30


class JetStreamFeed:
    """Keeps two batches asked, and asks again at half."""

    def __init__(self, bus: Bus, batch: int) -> None:
        self._pull, self._bus, self._batch = Pull(bus), bus, batch

    async def open(self, after: int) -> None:
        """Begin after a position, which may lie beyond the stream's end. Raises Broken."""
        await self._pull.drop()
        name = self._bus.client.new_inbox().rpartition(".")[2]
        await self._pull.begin(_configuration(f"tail-{name}", after))

    async def next(self, limit: int, timeout_s: float) -> list[Frame]:
        """At most `limit`; [] after `timeout_s`. Raises Broken."""
        if self._pull.asked <= self._batch:
            await self._pull.ask(2 * self._batch - self._pull.asked)
        return [frame(message) for message in await self._pull.next(limit, timeout_s)]

    async def close(self) -> None:
        await self._pull.close()
        await self._pull.drop()


def _configuration(name: str, after: int) -> dict[str, Any]:
    return {
        "name": name,
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": after + 1,
        "ack_policy": "none",
        "replay_policy": "instant",
        "mem_storage": True,
        "num_replicas": 1,
        "inactive_threshold": INACTIVE_S * SECOND_NS,
    }
