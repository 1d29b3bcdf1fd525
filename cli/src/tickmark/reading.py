"""Which log a command reads: the one an address names, else the one in a data directory."""

import argparse
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg

from chassis.settings import Settings, SettingsError, load
from contracts.codec import UnknownEvent
from eventlog.postgres import PostgresLog, open_log
from eventlog.store import LogError, UnreadableEvent
from tickmark import database
from tickmark.exits import Misused, Refusal
from tickmark.installation import DATA, Installation

UNREADABLE: Final = (LogError, OSError, asyncpg.PostgresError, UnreadableEvent, UnknownEvent)


def add_source(parser: argparse.ArgumentParser, login: str) -> None:
    """--data or --dsn. `login` is who the command is in a data directory's PostgreSQL."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, help=f"data directory of a running `up` ({DATA})")
    where.add_argument("--dsn", help="PostgreSQL address (the one of the settings)")
    parser.set_defaults(login=login)


@asynccontextmanager
async def opened(
    chosen: argparse.Namespace, name: str, *refusals: type[Exception]
) -> AsyncGenerator[PostgresLog]:
    """The log to read. A log that cannot be read, and each of `refusals`, becomes a Refusal."""
    address = dsn(chosen)
    await database.reach(address)
    try:
        async with open_log(address, pool_size=2, name=name) as log:
            yield log
    except* BrokenPipeError:
        raise
    except* (*UNREADABLE, *refusals) as stopped:
        raise Refusal(f"{name} could not finish: {_reason(stopped)}") from None


def dsn(chosen: argparse.Namespace) -> str:
    """Raises Refusal when nothing runs there."""
    named = chosen.dsn or (None if chosen.data else _configured())
    return named or Installation(chosen.data or DATA).dsn(chosen.login)


def _configured() -> str | None:
    try:
        postgres = load(Settings).postgres
    except SettingsError as wrong:
        raise Misused(f"settings: {wrong}") from None
    return postgres.dsn.get_secret_value() if "dsn" in postgres.model_fields_set else None


def _reason(group: BaseExceptionGroup[Exception]) -> str:
    first = group.exceptions[0]
    if isinstance(first, BaseExceptionGroup):
        return _reason(first)
    return str(first) or (type(first).__doc__ or type(first).__name__)
