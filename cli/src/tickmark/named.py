"""Servers that the settings name: whether they answer, asked before anything is started."""

import asyncio
from typing import Final
from urllib.parse import urlsplit

from chassis.settings import Settings
from tickmark import database
from tickmark.exits import Refusal

WITHIN_S: Final = 3.0
NATS_PORT: Final = 4222


async def reach(settings: Settings) -> None:
    """Raises Refusal with the address of the first one named that does not answer."""
    if "dsn" in settings.postgres.model_fields_set:
        await database.reach(settings.postgres.dsn.get_secret_value())
    if "url" in settings.nats.model_fields_set:
        await _reach_nats(settings.nats.url)


def addresses(url: str) -> str:
    """What may be shown of it: each server's host and port, no login."""
    return ", ".join(each.rpartition("@")[2].rpartition("//")[2] for each in url.split(","))


async def _reach_nats(url: str) -> None:
    heard = [await _greeting(each.strip()) for each in url.split(",")]
    if not any(each.startswith(b"INFO ") for each in heard):
        raise Refusal(f"NATS cannot be reached at {addresses(url)} (nats.url)")


async def _greeting(url: str) -> bytes:
    """The first line of what listens there; empty when nothing does."""
    writer = None
    try:
        parts = urlsplit(url if "://" in url else f"nats://{url}")
        async with asyncio.timeout(WITHIN_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or NATS_PORT)
            return await reader.readline()
    except (OSError, ValueError):
        return b""
    finally:
        if writer is not None:
            writer.close()
