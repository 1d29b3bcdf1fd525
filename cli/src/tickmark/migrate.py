"""`tickmark migrate`: bring the schemas of a PostgreSQL up to date; the first step of a release."""

import argparse
import asyncio

from tickmark import database
from tickmark.exits import OK
from tickmark.reading import add_source, dsn


def options(parser: argparse.ArgumentParser) -> None:
    add_source(parser, login="postgres")
    parser.add_argument(
        "--logins",
        action="store_true",
        help="also make a login per service, with the passwords in TICKMARK_PASSWORD_<SERVICE>",
    )
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> int:
    return asyncio.run(_migrate(chosen))


async def _migrate(chosen: argparse.Namespace) -> int:
    passwords = database.passwords_given() if chosen.logins else {}
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
