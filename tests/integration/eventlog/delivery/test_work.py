"""Work over a real server: shared out, given back, asked for again, over restarts."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from deliveries import (
    NatsServer,
    Progress,
    eventually,
    grow,
    grown,
    relaying,
    requested,
    running,
    until,
)
from eventlog.bus import Bus, BusUnavailable, connect
from eventlog.jetstream import JetStreamError, call
from eventlog.memory import MemoryLog
from eventlog.work import Delivery, Slots, work


class Runner:
    """Takes what is delivered, and keeps the slot until the test lets go."""

    def __init__(self, bus: Bus, slots: int, ack_wait_s: float = 30.0) -> None:
        self.slots, self.taken = Slots(slots), list[Delivery]()
        self._bus, self._ack_wait_s = bus, ack_wait_s

    async def run(self) -> None:
        deliveries = work(self._bus, self.slots, ack_wait_s=self._ack_wait_s)
        async with aclosing(deliveries):
            async for delivery in deliveries:
                self.taken.append(delivery)

    @property
    def positions(self) -> list[int]:
        return [delivery.position for delivery in self.taken]

    async def finish(self, delivery: Delivery) -> None:
        await delivery.ack()
        self.slots.give_back()


@asynccontextmanager
async def relayed(bus: Bus) -> AsyncGenerator[tuple[MemoryLog, Progress]]:
    log, progress = await grown(2), Progress()
    async with running(relaying(log, bus, progress)):
        yield log, progress


async def test_a_request_is_delivered_as_the_log_holds_it(bus: Bus) -> None:
    runner = Runner(bus, 1)
    async with relayed(bus) as (log, _), running(runner.run()):
        await grow(log, 1, make=requested)
        await until(lambda: len(runner.taken) == 1)
    delivery, row = runner.taken[0], log.rows[2]
    assert (delivery.position, delivery.stream, delivery.type) == (3, row.stream, "RunRequested")
    assert (delivery.body, delivery.recorded_at) == (row.body, row.recorded_at)


async def test_no_more_is_taken_than_there_are_slots(bus: Bus) -> None:
    runner = Runner(bus, 3)
    async with relayed(bus) as (log, _), running(runner.run()):
        await grow(log, 10, make=requested)
        for done in range(10):
            await until(lambda: runner.slots.free == 0 or len(runner.taken) == 10)
            assert len(runner.taken) - done <= 3
            assert await consumer(bus, lambda state: state["num_ack_pending"] <= 3)()
            await runner.finish(runner.taken[done])
        await until(lambda: runner.slots.free == 3)
    assert runner.positions == list(range(3, 13))


async def test_replicas_share_the_work(nats: NatsServer, bus: Bus) -> None:
    async with connect(nats.url, name="second") as second, relayed(bus) as (log, _):
        runners = Runner(bus, 5), Runner(second, 5)
        async with running(*(runner.run() for runner in runners)):
            await grow(log, 10, make=requested)
            await until(lambda: sum(len(runner.taken) for runner in runners) == 10)
    assert sorted(runners[0].positions + runners[1].positions) == list(range(3, 13))
    assert len(runners[0].taken) == len(runners[1].taken) == 5


async def test_without_a_sign_of_life_it_comes_again(bus: Bus) -> None:
    runner = Runner(bus, 5, ack_wait_s=0.2)
    async with relayed(bus) as (log, _), running(runner.run()):
        await grow(log, 1, make=requested)
        await until(lambda: len(runner.taken) == 2)
    assert runner.positions == [3, 3]


async def test_what_is_in_progress_does_not_come_again(bus: Bus) -> None:
    runner = Runner(bus, 5, ack_wait_s=0.4)
    async with relayed(bus) as (log, _), running(runner.run()):
        await grow(log, 2, make=requested)
        await until(lambda: len(runner.taken) == 2)
        kept, left = runner.taken
        while len(runner.taken) < 5:  # the other one comes three times
            await kept.in_progress()
            await asyncio.sleep(0.05)
    assert runner.positions.count(kept.position) == 1
    assert runner.positions.count(left.position) >= 3


async def test_what_is_given_back_comes_again_after_its_delay(bus: Bus) -> None:
    runner, loop = Runner(bus, 5), asyncio.get_running_loop()
    async with relayed(bus) as (log, _), running(runner.run()):
        await grow(log, 1, make=requested)
        await until(lambda: len(runner.taken) == 1)
        began = loop.time()
        await runner.taken[0].nak(0.3)
        await until(lambda: len(runner.taken) == 2)
        assert 0.25 < loop.time() - began < 5


async def test_what_finds_its_slot_taken_goes_back_and_comes_again(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlog.work.SURPLUS_S", 0.05)
    runner = Runner(bus, 1)
    async with relayed(bus) as (log, _), running(runner.run()):
        await eventually(consumer(bus, lambda state: state["num_waiting"] > 0))
        assert runner.slots.take()
        await grow(log, 1, make=requested)
        await eventually(consumer(bus, lambda state: state["num_ack_pending"] == 1))
        assert runner.taken == []
        runner.slots.give_back()
        await until(lambda: len(runner.taken) == 1)


async def test_work_outlives_restarts_of_the_server(nats: NatsServer, bus: Bus) -> None:
    runner = Runner(bus, 50)
    async with relayed(bus) as (log, _), running(runner.run()):
        for round_ in range(3):
            await grow(log, 2, start=10 * round_ + 1, make=requested)
            await until(lambda count=2 * round_ + 2: len(set(runner.positions)) == count)
            nats.kill()
            nats.start()
    assert sorted(set(runner.positions)) == list(range(3, 9))


async def test_a_consumer_that_is_gone_is_made_anew_and_delivers_what_is_not_done(
    bus: Bus,
) -> None:
    runner = Runner(bus, 50)
    async with relayed(bus) as (log, _), running(runner.run()):
        await grow(log, 2, make=requested)
        await until(lambda: len(runner.taken) == 2)
        await call(bus, "CONSUMER.DELETE.EVT.runner")
        await grow(log, 1, start=3, make=requested)
        await until(lambda: len(set(runner.positions)) == 3)


async def test_work_outlives_a_wiped_store(nats: NatsServer, bus: Bus) -> None:
    runner = Runner(bus, 50)
    async with relayed(bus) as (log, progress), running(runner.run()):
        await grow(log, 2, make=requested)
        await until(lambda: len(runner.taken) == 2)
        nats.kill()
        nats.wipe()
        nats.start()
        await grow(log, 1, start=3, make=requested)
        await progress.reached(5)
        await until(lambda: set(runner.positions) == {3, 4, 5})


def consumer(bus: Bus, holds: Callable[[dict[str, int]], bool]) -> Callable[[], Awaitable[bool]]:
    """Whether the runners' consumer is there and its state is so."""

    async def look() -> bool:
        try:
            return holds(await call(bus, "CONSUMER.INFO.EVT.runner"))
        except (JetStreamError, BusUnavailable):
            return False

    return look
