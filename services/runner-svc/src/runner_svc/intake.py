"""Where runs come from: deliveries, as many as there are free slots, and the sweep behind them.

JetStream may lose, repeat and delay as it likes. What it lost is found by the sweep, what it
repeats decides nothing, and a run is taken off it only when its end is in the log.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Protocol, TypeAlias
from uuid import UUID

import structlog

from eventlog.beside import beside
from eventlog.bus import BusUnavailable
from eventlog.work import Slots
from runner_svc.runner import Runner

log = structlog.get_logger()

Overdue: TypeAlias = Callable[[], Awaitable[Sequence[UUID]]]


class Delivery(Protocol):
    """A reminder of one run, repeated until it is acknowledged."""

    @property
    def stream(self) -> str: ...
    async def ack(self) -> None: ...
    async def nak(self, delay_s: float) -> None: ...
    async def in_progress(self) -> None: ...


async def take(
    deliveries: AsyncIterator[Delivery],
    runner: Runner,
    slots: Slots,
    beat_s: float,
    runs: asyncio.TaskGroup,
) -> None:
    """Work on what is delivered, each run a task of `runs` that gives its slot back."""
    async for delivery in deliveries:
        runs.create_task(_slotted(deliver(delivery, runner, beat_s), slots))


async def sweep(
    overdue: Overdue, runner: Runner, slots: Slots, every_s: float, runs: asyncio.TaskGroup
) -> None:
    """Every so often, attend to runs that were delivered to nobody or whose runner is gone."""
    pause = jittered(every_s, runner.instance)
    while True:
        await asyncio.sleep(pause)
        for run_id in await overdue():
            if run_id not in runner.held and slots.take():
                log.warning("run_swept_up", run_id=str(run_id))
                runs.create_task(_slotted(runner.attend(run_id), slots))


async def deliver(delivery: Delivery, runner: Runner, beat_s: float) -> None:
    """One delivery, claim to ack; a run that another holds is looked at again after a beat."""
    run_id = _run_id(delivery.stream)
    if run_id is None:
        log.error("delivery_unreadable", stream=delivery.stream)
        verdict = "ended"
    else:
        async with beside(_kept(delivery, beat_s), "beat") as beating:
            verdict = await runner.attend(run_id)
            beating.cancel()
    with suppress(BusUnavailable):  # it comes again, and decides nothing
        await (delivery.ack() if verdict == "ended" else delivery.nak(beat_s))


async def _kept(delivery: Delivery, beat_s: float) -> None:
    while True:
        await asyncio.sleep(beat_s)
        with suppress(BusUnavailable):
            await delivery.in_progress()


async def _slotted(work: Awaitable[object], slots: Slots) -> None:
    try:
        await work
    finally:
        slots.give_back()


def _run_id(stream: str) -> UUID | None:
    try:
        return UUID(stream.removeprefix("run-"))
    except ValueError:
        return None


def jittered(every_s: float, instance: str) -> float:
    """`every_s` and up to a tenth more, the same for an instance each time."""
    return every_s * (1 + sha256(instance.encode()).digest()[0] / 2550)
