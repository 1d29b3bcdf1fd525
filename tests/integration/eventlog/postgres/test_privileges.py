"""Who may do what: services append through the function alone, and nobody changes an event."""

import asyncpg
import pytest

from appending import Connection, append, stream
from conftest import Database
from eventlog.postgres import open_log

SERVICES = ("tickmark_schedule", "tickmark_dispatcher", "tickmark_runner", "tickmark_gateway")
TABLES = ("events", "streams", "commands", "log_head", "leases")
CHANGES = (
    "insert into eventlog.{0} default values",
    "delete from eventlog.{0}",
    "truncate eventlog.{0}",
)
UPDATES = {
    "events": "update eventlog.events set body = ''",
    "streams": "update eventlog.streams set version = 7",
    "commands": "update eventlog.commands set last_position = 7",
    "log_head": "update eventlog.log_head set position = 7",
    "leases": "update eventlog.leases set epoch = 7",
}


@pytest.mark.parametrize("role", [*SERVICES, "tickmark_audit"])
@pytest.mark.parametrize("table", TABLES)
async def test_no_role_writes_a_table(operator: Connection, role: str, table: str) -> None:
    await operator.execute(f"set role {role}")
    await operator.fetch(f"select * from eventlog.{table}")
    for change in (*(change.format(table) for change in CHANGES), UPDATES[table]):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await operator.execute(change)


@pytest.mark.parametrize("role", SERVICES)
async def test_services_append(database: Database, role: str) -> None:
    async with open_log(database.dsn, role=role) as log:
        assert (await log.append(append("a", stream()))).status == "ok"


async def test_an_auditor_reads_and_appends_nothing(database: Database) -> None:
    async with open_log(database.dsn, role="tickmark_audit") as log:
        assert await log.page(0) == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await log.append(append("a", stream()))


async def test_nobody_logs_in_as_the_owner(operator: Connection) -> None:
    query = "select rolcanlogin or rolsuper from pg_roles where rolname like 'tickmark%'"
    assert {row[0] for row in await operator.fetch(query)} == {False}


@pytest.mark.parametrize(
    "change",
    [
        "update eventlog.events set body = ''",
        "delete from eventlog.events",
        "truncate eventlog.events",
    ],
)
async def test_the_owner_changes_no_event(operator: Connection, change: str) -> None:
    await operator.execute("set role tickmark_owner")
    with pytest.raises(asyncpg.PostgresError) as refused:
        await operator.execute(change)
    assert refused.value.sqlstate == "TM003"
