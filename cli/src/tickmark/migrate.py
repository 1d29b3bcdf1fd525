"""`tickmark migrate`: bring the schemas of a PostgreSQL up to date; the first step of a release."""

import argparse
import asyncio
from pathlib import Path

from tickmark import credentials, database
from tickmark.exits import OK
from tickmark.reading import add_source, dsn


def options(parser: argparse.ArgumentParser) -> None:
    add_source(parser, login="postgres")
    parser.add_argument(
        "--logins",
        type=Path,
        metavar="DIR",
        help="also make a login per service, with the passwords of `tickmark secrets DIR`",
    )
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> int:
    return asyncio.run(_migrate(chosen))


async def _migrate(chosen: argparse.Namespace) -> int:
    passwords = credentials.login_passwords(chosen.logins) if chosen.logins else {}
    owner = dsn(chosen)
    applied = await database.apply_migrations(owner)
    for name in applied:
        print(f"applied {name}")
    if passwords:
        await database.make_logins(owner, passwords)
        print(f"logins: {', '.join(database.login(each) for each in passwords)}")
    if not applied:
        print("schemas up to date")
    return OK
