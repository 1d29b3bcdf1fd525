"""Which log a command reads: the one an address names, else the one in a data directory."""

import argparse
import os
from pathlib import Path

from tickmark.installation import DATA, Installation

VARIABLE = "TICKMARK_POSTGRES__DSN"


def add_source(parser: argparse.ArgumentParser, login: str) -> None:
    """--data or --dsn. `login` is who the command is in a data directory's PostgreSQL."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, help=f"data directory of a running `up` ({DATA})")
    where.add_argument("--dsn", help=f"PostgreSQL address (${VARIABLE})")
    parser.set_defaults(login=login)


def dsn(chosen: argparse.Namespace) -> str:
    """Raises Refusal when nothing runs there."""
    named = chosen.dsn or (None if chosen.data else os.environ.get(VARIABLE))
    return named or Installation(chosen.data or DATA).dsn(chosen.login)
