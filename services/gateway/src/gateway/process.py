"""The parts of a running gateway, and what it does besides answering."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fastapi import FastAPI

from chassis.health import Health
from eventlog import bus as buses
from eventlog.bus import Bus
from eventlog.postgres import open_log
from eventlog.projection import project
from eventlog.store import LogUnavailable
from eventlog.tail import follow
from gateway import reads
from gateway.accounts import Accounts
from gateway.app import build
from gateway.freshness import Freshness
from gateway.hub import Hub
from gateway.settings import Settings
from gateway.site import Site
from gateway.tokens import Tokens
from gateway.views import GatewayView

WATCH_S: Final = 1.0
BEHIND: Final = 10_000
"""Positions by which the read model may be late before the gateway calls itself not ready."""


@dataclass(frozen=True)
class Parts:
    site: Site
    app: FastAPI

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What has to run beside the routes."""
        site = self.site
        applied = site.freshness.applied
        return {
            "projection": project(
                GatewayView(), site.log.pool, site.log, site.bus, on_applied=applied
            ),
            "live": feed(site),
            "watch": watch(site),
        }


@asynccontextmanager
async def parts(settings: Settings, instance: str) -> AsyncGenerator[Parts]:
    """Connected to log and bus, with the first admin registered where one is given."""
    async with (
        _bus(settings, instance) as bus,
        _log(settings, bus) as log,
    ):
        site = Site(
            settings=settings,
            log=log,
            bus=bus,
            accounts=Accounts(log),
            tokens=Tokens(
                settings.gateway.token_secret.get_secret_value(),
                timedelta(hours=settings.gateway.token_hours),
            ),
            freshness=Freshness(),
            hub=Hub(await log.head(), settings.gateway),
            health=Health("log", "bus", "projection"),
        )
        site.freshness.applied(await reads.position(log.pool))
        await _bootstrap(site)
        yield Parts(site, build(site))


async def feed(site: Site) -> None:
    """The one reader of the log from which all clients are served."""
    async with aclosing(follow(site.log, site.bus, site.hub.ring.last)) as news:
        async for rows in news:
            site.hub.publish(rows)


async def watch(site: Site) -> None:
    """Keep telling the truth about what is within reach."""
    while True:
        await look(site)
        await asyncio.sleep(WATCH_S)


async def look(site: Site) -> None:
    """Report log, bus and projection as they are now."""
    health = site.health
    health.well("bus") if site.bus.connected else health.ill("bus", "not connected")
    try:
        head = await site.log.head()
    except LogUnavailable:
        health.ill("log", "not reachable")
        return
    health.well("log")
    late = head.position - site.freshness.position
    if late > BEHIND:
        health.ill("projection", f"{late} positions behind")
    else:
        health.well("projection")


def _bus(settings: Settings, instance: str) -> Any:
    given = settings.nats
    password = given.password.get_secret_value() if given.password else None
    return buses.connect(given.url, name=instance, user=given.user, password=password)


def _log(settings: Settings, bus: Bus) -> Any:
    given = settings.postgres
    return open_log(
        given.dsn.get_secret_value(),
        role=given.role,
        pool_size=given.pool_size,
        name="gateway",
        on_commit=bus.poke,
    )


async def _bootstrap(site: Site) -> None:
    given = site.settings.gateway
    if given.admin_email and given.admin_password:
        await site.accounts.bootstrap(given.admin_email, given.admin_password.get_secret_value())
