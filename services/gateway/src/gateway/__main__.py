"""`python -m gateway`: REST, WebSocket and the page, until it is told to stop."""

import asyncio
import logging
import sys

import structlog
import uvicorn

from chassis import ids, lifecycle, logs
from chassis.health import Server, serve_health, served
from chassis.settings import SettingsError, load
from gateway.process import Parts, parts
from gateway.settings import Gateway, Settings

log = structlog.get_logger()


async def main(given: Settings, stop: asyncio.Event) -> None:
    instance = ids.instance()
    logs.configure("gateway", instance, given.logging.level)
    # uvicorn's info lines hold whole addresses, and an address may hold a token
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    async with parts(given, instance) as part:
        server = Server(configured(part, given.gateway))
        log.info("gateway_starts", host=given.gateway.host, port=given.gateway.port)
        await lifecycle.until(
            stop,
            {
                **part.tasks(),
                "health": serve_health(part.site.health, given.health),
                "http": served(server),
            },
        )


def configured(part: Parts, given: Gateway) -> uvicorn.Config:
    """Plain frames (a shared frame cannot carry one client's compression), no access log."""
    return uvicorn.Config(
        part.app,
        host=given.host,
        port=given.port,
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=64 * 1024,
        ws_ping_interval=30,
        ws_ping_timeout=60,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(given.trusted_proxies),
        forwarded_allow_ips=given.trusted_proxies or None,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    try:
        chosen = load(Settings)
    except SettingsError as wrong:
        sys.exit(f"gateway: {wrong}")
    sys.exit(lifecycle.run(lambda stop: main(chosen, stop)))
