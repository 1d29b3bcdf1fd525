"""What one runner process does, from its start to the end of its last run."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from nats.aio.msg import Msg

from chassis.health import Health, serve_health
from chassis.settings import Health as HealthSettings
from contracts.subjects import live_filter
from eventlog.bus import Bus
from eventlog.lease import Pool
from eventlog.postgres import LOST, PostgresLog
from eventlog.projection import project
from eventlog.work import Slots, work
from runner_svc import open_runs
from runner_svc.intake import sweep, take
from runner_svc.presence import lives
from runner_svc.runner import Runner
from runner_svc.settings import RunnerSettings

log = structlog.get_logger()

PARTS: Final = ("bus", "open_runs")


async def serve(
    stop: asyncio.Event, runner: Runner, pool: Pool, bus: Bus, settings: RunnerSettings
) -> None:
    """Take runs until `stop`; then those begun have `drain_seconds` to end by themselves."""
    slots = Slots(settings.slots)
    await bus.listen(live_filter("run", "RunCancelRequested"), _Cancels(runner).hear)
    async with (
        aclosing(work(bus, slots, ack_wait_s=settings.ack_wait_seconds)) as deliveries,
        asyncio.TaskGroup() as runs,
    ):
        overdue = Overdue(runner, pool, settings)
        asking = (
            runs.create_task(take(deliveries, runner, slots, settings.beat_seconds, runs)),
            runs.create_task(sweep(overdue.runs, runner, slots, settings.sweep_seconds, runs)),
        )
        log.info("taking_runs", slots=settings.slots)
        await stop.wait()
        log.info("draining", runs=len(runner.held))
        for each in asking:
            each.cancel()
        asyncio.get_running_loop().call_later(settings.drain_seconds, runner.leave)


async def keep_up(eventlog: PostgresLog, bus: Bus, health: Health, probes: HealthSettings) -> None:
    """The projection, the probes, and what they say of the bus; until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            project(
                open_runs.OpenRuns(),
                eventlog.pool,
                eventlog,
                bus,
                on_applied=lambda _: health.well("open_runs"),
            ),
            name="open_runs",
        )
        tasks.create_task(serve_health(health, probes), name="health")
        tasks.create_task(_watch(bus, health), name="bus")


async def _watch(bus: Bus, health: Health) -> None:
    while True:
        if bus.connected:
            health.well("bus")
        else:
            health.ill("bus", "not connected")
        await asyncio.sleep(0.5)


class _Cancels:
    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def hear(self, message: Msg) -> None:
        """`live.evt.run.<id>.RunCancelRequested`"""
        self._runner.cancel(UUID(message.subject.split(".")[3]))


@dataclass(frozen=True, slots=True)
class Overdue:
    """What the sweep finds: runs nobody started, and those of runners that are gone."""

    runner: Runner
    pool: Pool
    settings: RunnerSettings

    async def runs(self) -> Sequence[UUID]:
        """At most a process's worth, none during an outage: the next sweep finds them.

        A cancellation that was not heard is passed on by the way.
        """
        try:
            return await self._found()
        except LOST as away:
            log.warning("sweep_waits", error=type(away).__name__)
            return []

    async def _found(self) -> Sequence[UUID]:
        for run_id in await open_runs.cancels(self.pool, self.runner.instance):
            self.runner.cancel(run_id)
        since = self.runner.clock() - timedelta(seconds=self.settings.sweep_seconds)
        found = await open_runs.waiting(self.pool, since, self.settings.slots)
        for instance in await open_runs.runners(self.pool):
            if instance != self.runner.instance and not await lives(self.pool, instance):
                found += await open_runs.held_by(self.pool, instance)
        return found
