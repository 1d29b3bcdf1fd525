"""Two leases for two duties: any replica may lead either, and another takes over when it ends."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final, TypeAlias

import structlog

from chassis.health import Health
from dispatcher_svc.dispatcher import Fold, Refused, Rules, dispatch, stand_by
from dispatcher_svc.settings import Settings
from eventlog.beside import beside
from eventlog.bus import Bus
from eventlog.lease import Lease, LeaseLost, leading
from eventlog.link import OUTAGES
from eventlog.postgres import PostgresLog, open_log
from eventlog.relay import relay
from eventlog.store import LogError

log_line = structlog.get_logger()

Duty: TypeAlias = Callable[[Lease], Awaitable[None]]
Standby: TypeAlias = Callable[[], AbstractAsyncContextManager[Duty]]
"""What a replica does while it waits, and then what it does as the leader."""

DISPATCHER: Final = "dispatcher"
RELAY: Final = "relay"


async def lead(
    role: str, log: PostgresLog, settings: Settings, holder: str, health: Health, standby: Standby
) -> None:
    """Stand by, and do the duty whenever this process holds the lease of `role`, until cancelled.

    A duty that the log ends is begun again under a new lease, later where the log holds something
    else than was decided; any other error is raised.
    """
    own, pause_s = settings.dispatcher, 0.0
    while True:
        await asyncio.sleep(pause_s)
        health.well(role)  # to wait for the lease is all that a standby has to do
        try:
            async with (
                standby() as duty,
                leading(
                    log.pool,
                    role,
                    holder,
                    ttl_s=own.lease_ttl_seconds,
                    keep_every_s=own.keep_every_seconds,
                    try_every_s=own.try_every_seconds,
                ) as lease,
            ):
                log_line.info("lease_taken", role=role, epoch=lease.epoch, head=lease.head)
                await duty(lease)
        except (LeaseLost, LogError, *OUTAGES) as ended:
            health.ill(role, type(ended).__name__)
            log_line.warning("lease_ended", role=role, error=type(ended).__name__, why=str(ended))
            refused = isinstance(ended, Refused)
            pause_s = own.lease_ttl_seconds if refused else own.try_every_seconds


async def lead_dispatch(
    log: PostgresLog, bus: Bus, settings: Settings, holder: str, health: Health
) -> None:
    """Admit runs while this process holds the lease; each append is fenced by its epoch."""
    rules = Rules(settings.limits.admission(), settings.inventory)

    @asynccontextmanager
    async def standby() -> AsyncGenerator[Duty]:
        fold = Fold()
        async with beside(stand_by(log, bus, fold), "standby") as folding:

            async def duty(lease: Lease) -> None:
                folding.cancel()
                await asyncio.wait({folding})
                async with _fenced(settings, bus, lease) as fenced:
                    await dispatch(fenced, bus, lease, rules, fold)

            yield duty

    await lead(DISPATCHER, log, settings, holder, health, standby)


def _fenced(settings: Settings, bus: Bus, lease: Lease) -> AbstractAsyncContextManager[PostgresLog]:
    """A log that takes appends only while the lease's epoch is the latest."""
    return open_log(
        settings.postgres.dsn.get_secret_value(),
        role=settings.postgres.role,
        pool_size=2,
        name="dispatcher-svc leader",
        on_commit=bus.poke,
        lease=lease,
    )


async def lead_relay(
    log: PostgresLog, bus: Bus, settings: Settings, holder: str, health: Health
) -> None:
    """Carry the log to JetStream while this process holds the lease."""

    async def duty(_lease: Lease) -> None:
        await relay(log, bus, replicas=settings.nats.replicas)

    await lead(RELAY, log, settings, holder, health, lambda: nullcontext(duty))
