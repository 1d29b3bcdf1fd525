"""`python -m runner_svc`: takes runs, makes their calls, records what they came to."""

import asyncio
import logging
import os
import sys

from chassis import clock, ids, lifecycle, logs
from chassis.health import Health
from chassis.settings import load
from eventlog.beside import beside
from eventlog.bus import connect
from eventlog.postgres import open_log
from runner_svc.call import Offers
from runner_svc.presence import lives, present
from runner_svc.runner import Runner
from runner_svc.service import PARTS, keep_up, serve
from runner_svc.settings import Settings

NAME = "runner-svc"


async def main(stop: asyncio.Event, settings: Settings) -> None:
    instance, health, own = ids.instance(), Health(*PARTS), settings.runner
    logs.configure(NAME, instance, settings.logging.level)
    for http in ("httpx2", "httpcore2"):  # they log addresses and headers
        logging.getLogger(http).setLevel(logging.WARNING)
    nats, postgres = settings.nats, settings.postgres
    password = nats.password.get_secret_value() if nats.password else None
    async with (
        connect(nats.url, name=NAME, user=nats.user, password=password) as bus,
        open_log(
            postgres.dsn.get_secret_value(),
            role=postgres.role,
            pool_size=postgres.pool_size,
            name=NAME,
            on_commit=bus.poke,
        ) as log,
        present(log.pool, instance, own.lease_seconds, own.beat_seconds),
        beside(keep_up(log, bus, health, settings.health), "keep up") as keeping,
    ):
        offers = Offers(settings.inventory, os.environ)
        runner = Runner(instance, log, offers, lambda one: lives(log.pool, one), clock.now)
        await serve(stop, runner, log.pool, bus, own)
        keeping.cancel()


if __name__ == "__main__":
    chosen = load(Settings)
    sys.exit(lifecycle.run(lambda stop: main(stop, chosen), grace=chosen.runner.drain_seconds + 10))
