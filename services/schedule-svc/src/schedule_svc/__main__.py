"""`python -m schedule_svc`: the clock, and the commands that concern schedules."""

import asyncio
import sys

from chassis import ids, lifecycle, logs
from chassis.health import Health
from chassis.settings import SettingsError, load
from eventlog.bus import Bus, connect
from eventlog.postgres import open_log
from schedule_svc import service
from schedule_svc.settings import Settings

NAME = "schedule-svc"


async def main(settings: Settings, stop: asyncio.Event) -> None:
    logs.configure(NAME, ids.instance(), settings.logging.level)
    nats, postgres, buses = settings.nats, settings.postgres, list[Bus]()

    async def poke(position: int) -> None:
        for bus in buses:
            await bus.poke(position)

    async with (  # the bus closes first: what is being answered still reaches the log
        open_log(
            postgres.dsn.get_secret_value(),
            role=postgres.role,
            pool_size=postgres.pool_size,
            name=NAME,
            on_commit=poke,
        ) as log,
        connect(
            nats.url,
            name=NAME,
            user=nats.user,
            password=nats.password.get_secret_value() if nats.password else None,
        ) as bus,
    ):
        buses.append(bus)
        await service.run(settings, log, bus, Health(*service.PARTS), stop)


if __name__ == "__main__":
    try:
        chosen = load(Settings)
    except SettingsError as wrong:
        sys.exit(f"{NAME}: {wrong}")
    sys.exit(lifecycle.run(lambda stop: main(chosen, stop)))
