"""Which log a command reads: the one an address names, else the one in a data directory."""

import argparse
from pathlib import Path

from chassis.settings import Settings, SettingsError, load
from tickmark.exits import Misused
from tickmark.installation import DATA, Installation


def add_source(parser: argparse.ArgumentParser, login: str) -> None:
    """--data or --dsn. `login` is who the command is in a data directory's PostgreSQL."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, help=f"data directory of a running `up` ({DATA})")
    where.add_argument("--dsn", help="PostgreSQL address (the one of the settings)")
    parser.set_defaults(login=login)


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
