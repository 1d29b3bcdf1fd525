"""Servers that the settings name: whether they answer, asked before anything is started."""

import asyncio
import os
from typing import Final
from urllib.parse import urlsplit

from chassis.settings import Nats, Settings
from tickmark import database
from tickmark.exits import Refusal

WITHIN_S: Final = 3.0
NATS_PORT: Final = 4222
VARIABLES: Final = ("TICKMARK_NATS__URL", "TICKMARK_NATS__URL_FILE")


async def reach(settings: Settings) -> None:
    """Raises Refusal with the address of the first one named that does not answer."""
    if (dsn := postgres(settings)) is not None:
        await database.reach(dsn)
    if (url := nats(settings)) is not None:
        await _reach_nats(url)


def postgres(settings: Settings) -> str | None:
    named = settings.postgres
    return named.dsn.get_secret_value() if "dsn" in named.model_fields_set else None


def nats(settings: Settings) -> str | None:
    """A file that shows the default, as the shipped one does, names no server; a variable does."""
    given = any(os.environ.get(name) for name in VARIABLES)
    return settings.nats.url if given or settings.nats.url != Nats().url else None


def addresses(url: str) -> str:
    """What may be shown of it: each server's host and port, no login."""
    return ", ".join(each.strip().rpartition("@")[2].rpartition("//")[2] for each in url.split(","))


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
