"""dispatcher-svc: admits runs, and carries the log to JetStream; one replica leads each."""

import asyncio
import sys

from chassis import ids, lifecycle, logs
from chassis.health import Health, serve_health
from chassis.settings import SettingsError, load
from dispatcher_svc.leadership import DISPATCHER, RELAY, lead_dispatch, lead_relay
from dispatcher_svc.settings import Settings
from eventlog import bus
from eventlog.postgres import open_log


async def main(settings: Settings, stop: asyncio.Event) -> None:
    holder, health = ids.instance(), Health(DISPATCHER, RELAY)
    logs.configure("dispatcher-svc", holder, settings.logging.level)
    password = settings.nats.password
    async with (
        bus.connect(
            settings.nats.url,
            name="dispatcher-svc",
            user=settings.nats.user,
            password=password.get_secret_value() if password else None,
        ) as connection,
        open_log(
            settings.postgres.dsn.get_secret_value(),
            role=settings.postgres.role,
            pool_size=settings.postgres.pool_size,
            name="dispatcher-svc",
        ) as log,
    ):
        duties = (log, connection, settings, holder, health)
        await lifecycle.until(
            stop,
            {
                "dispatcher": lead_dispatch(*duties),
                "relay": lead_relay(*duties),
                "health": serve_health(health, settings.health),
            },
        )


if __name__ == "__main__":
    try:
        chosen = load(Settings)
    except SettingsError as wrong:
        sys.exit(f"dispatcher-svc: {wrong}")
    sys.exit(lifecycle.run(lambda stop: main(chosen, stop)))
