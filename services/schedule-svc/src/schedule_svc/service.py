"""One replica at work: commands answered, the table kept, the clock ticking, side by side."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from chassis.health import Health, serve_health
from chassis.lifecycle import until
from eventlog.bus import Bus
from eventlog.postgres import PostgresLog
from eventlog.projection import project
from schedule_svc.commands import Desk
from schedule_svc.database_clock import DatabaseClock
from schedule_svc.definition import Rules
from schedule_svc.due import DueTable, poll, reload
from schedule_svc.horizon import Horizon
from schedule_svc.names import Names
from schedule_svc.occurrences.zones import TZDATA
from schedule_svc.projection import DueProjection
from schedule_svc.requests import serve
from schedule_svc.settings import Settings
from schedule_svc.ticker import tick

PARTS: Final = ("clock", "projection", "commands")

logger = structlog.get_logger()


async def run(
    settings: Settings, log: PostgresLog, bus: Bus, health: Health, stop: asyncio.Event
) -> None:
    """Serve until `stop`. Raises what fails first."""
    clock, horizon, table = DatabaseClock(log.pool), Horizon(), DueTable(log.pool)
    ahead = timedelta(seconds=settings.schedule.horizon_seconds)
    await clock.measure()
    await table.fill(horizon, clock.now() + ahead)
    logger.info("clock_started", enabled=await table.enabled(), soon=len(horizon), tzdata=TZDATA)
    health.well("clock")
    await serve(_desk(settings, log, table, horizon, clock), bus)
    health.well("commands")
    own, projection = settings.schedule, DueProjection(horizon)
    await until(
        stop,
        {
            "projection": project(
                projection, log.pool, log, bus, on_applied=lambda _: health.well("projection")
            ),
            "ticker": tick(horizon, log, clock, own.batch),
            "reload": reload(table, horizon, clock, ahead, own.reload_seconds),
            "poll": poll(table, horizon, clock, own.poll_ms / 1000),
            "database clock": clock.keep(),
            "health": serve_health(health, settings.health),
        },
    )


def _desk(
    settings: Settings, log: PostgresLog, table: DueTable, horizon: Horizon, clock: DatabaseClock
) -> Desk:
    least = timedelta(seconds=settings.limits.min_interval_seconds)
    return Desk(
        log=log,
        names=Names(log.pool, settings.limits.schedules_per_user),
        due=table,
        horizon=horizon,
        clock=clock,
        rules=Rules(settings.inventory, least),
    )
