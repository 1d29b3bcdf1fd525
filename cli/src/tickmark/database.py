"""The database of an installation: made, migrated, and a login for each service.

A login is a member of its service's role and has no rights of its own; the roles come with the
migrations.
"""

from collections.abc import Mapping
from typing import Final

import asyncpg

from eventlog.migrate import MigrationError, migrate
from eventlog.queries import load
from tickmark.exits import Refusal

OWNERS: Final = ("eventlog", "schedule_svc", "dispatcher_svc", "runner_svc", "gateway")
"""Whose migrations there may be, in the order they are applied."""
LOGINS: Final = ("schedule", "dispatcher", "runner", "gateway", "audit")

REACH_S: Final = 10.0
UNREACHED: Final = "PostgreSQL cannot be reached"
MALFORMED: Final = "its address is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE"

SQL: Final = load("tickmark")


def login(service: str) -> str:
    return f"tickmark_{service}_login"


async def answers(dsn: str) -> bool:
    """Whether the server takes connections: false while it recovers from a crash."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


async def reach(dsn: str) -> None:
    """Raises Refusal, which does not show the address: a password may be in it."""
    try:
        connection = await asyncpg.connect(dsn, timeout=REACH_S)
    except TimeoutError:
        raise Refusal(f"{UNREACHED}: no answer in {REACH_S:.0f} s") from None
    except (OSError, asyncpg.PostgresError) as wrong:
        raise Refusal(f"{UNREACHED}: {wrong}") from None
    except (ValueError, OverflowError, asyncpg.InterfaceError):
        raise Refusal(f"{UNREACHED}: {MALFORMED}") from None
    await connection.close()


async def create(server: str) -> str:
    """Make the database on the server unless it is there; tells the server's version."""
    connection = await asyncpg.connect(server)
    try:
        if not await connection.fetchval(SQL["database_exists"], "tickmark"):
            await connection.execute(SQL["create_database"])
        return str(await connection.fetchval(SQL["server_version"]))
    finally:
        await connection.close()


async def apply_migrations(dsn: str) -> list[str]:
    """Bring every schema up to date; the names of what was applied. Raises Refusal."""
    await reach(dsn)
    try:
        return await migrate(dsn, OWNERS)
    except MigrationError as wrong:
        raise Refusal(f"migrations: {wrong}") from None
    except (OSError, asyncpg.PostgresConnectionError) as wrong:
        raise Refusal(f"{UNREACHED}: {wrong}") from None


async def make_logins(dsn: str, passwords: Mapping[str, str]) -> None:
    """A login with its password for each service named, as `passwords` says."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(SQL["hide_statements"])
        for service, password in passwords.items():
            names = login(service), password, f"tickmark_{service}"
            await connection.execute(await connection.fetchval(SQL["login_statement"], *names))
    finally:
        await connection.close()
