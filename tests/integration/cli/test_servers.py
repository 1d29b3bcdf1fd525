"""The servers that `up` starts, and how little each service may do on them."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg
import nats
import pytest

from chassis.settings import Settings, load
from tickmark import database, programs
from tickmark.installation import Installation, State
from tickmark.start import Start
from tickmark.supervisor import Supervisor

OWN_SCHEMA = {"schedule": "schedule", "runner": "runner", "gateway": "gateway"}


@pytest.fixture(scope="module")
async def start(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Start]:
    installation = Installation(tmp_path_factory.mktemp("data"))
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks, print)
        start = Start(installation, 8501, None, load(Settings, environ={}), supervisor)
        supervisor.changed = lambda listed: installation.write(
            State(1, None, start.url, start.postgres, listed)
        )
        try:
            await start.start_postgres()
            await start.start_nats()
            yield start
        finally:
            await supervisor.stop()


async def logged_in(start: Start, service: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(start.private[service]["TICKMARK_POSTGRES__DSN"])


async def schemas(start: Start) -> list[str]:
    connection = await asyncpg.connect(start.installation.dsn("postgres"))
    try:
        found = await connection.fetch(
            "select nspname from pg_namespace where nspname = any($1)", list(OWN_SCHEMA.values())
        )
        return [row["nspname"] for row in found]
    finally:
        await connection.close()


@pytest.mark.parametrize("service", programs.SERVICES.values())
async def test_a_service_reads_the_log_and_cannot_write_it(start: Start, service: str) -> None:
    connection = await logged_in(start, service)
    assert await connection.fetchval("select position from eventlog.log_head") == 0
    for statement in (
        "update eventlog.log_head set position = 7",
        "insert into eventlog.streams values ('run-1', 1)",
        "delete from eventlog.events",
        "truncate eventlog.events",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize("service", programs.SERVICES.values())
async def test_a_service_may_not_look_into_anothers_schema(start: Start, service: str) -> None:
    connection = await logged_in(start, service)
    for schema in await schemas(start):
        asked = "select has_schema_privilege($1, 'usage')"
        assert await connection.fetchval(asked, schema) == (OWN_SCHEMA.get(service) == schema)
    await connection.close()


async def test_the_auditor_may_read_every_event_and_append_none(start: Start) -> None:
    connection = await asyncpg.connect(start.installation.dsn(database.login("audit")))
    assert await connection.fetch("select * from eventlog.events") == []
    asked = (
        "select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
        "where n.nspname = 'eventlog' and p.provolatile = 'v' and has_function_privilege(p.oid, 'execute')"
    )
    assert await connection.fetch(asked) == []
    await connection.close()


@pytest.mark.parametrize("service", ["schedule", "runner", "gateway"])
async def test_only_the_relay_may_publish_events(start: Start, service: str) -> None:
    refused = list[str]()
    heard = asyncio.Event()

    async def hear(error: Exception) -> None:
        refused.append(str(error))
        heard.set()

    variables = start.private[service]
    client = await nats.connect(
        start.variables["TICKMARK_NATS__URL"],
        user=variables["TICKMARK_NATS__USER"],
        password=variables["TICKMARK_NATS__PASSWORD"],
        error_cb=hear,
    )
    await client.publish("evt.run.1.RunRequested", b"{}")
    async with asyncio.timeout(10):
        await heard.wait()
    assert "permissions violation for publish" in refused[0].lower()
    await client.close()


async def test_nobody_enters_without_a_password(start: Start) -> None:
    port = start.variables["TICKMARK_NATS__URL"].rpartition(":")[2]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(b"CONNECT {}\r\nPING\r\n")
    async with asyncio.timeout(10):
        assert b"Authorization Violation" in await reader.read()
    writer.close()
    assert start.postgres is not None
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres:guess@{start.postgres}/tickmark")


def test_no_two_passwords_are_the_same(start: Start) -> None:
    drawn = list(start.installation.secrets().values())
    assert len(drawn) >= 10
    assert all(a != b for a, b in itertools.combinations(drawn, 2))


def test_nothing_secret_is_readable_by_others(start: Start) -> None:
    for name in ("secrets.json", "nats.conf"):
        assert (start.installation.folder / name).stat().st_mode & 0o077 == 0


def test_no_password_is_in_a_log(start: Start) -> None:
    logs: list[Path] = list(start.installation.logs.iterdir())
    text = "".join(log.read_text(errors="replace") for log in logs)
    assert text
    assert not [drawn for drawn in start.installation.secrets().values() if drawn in text]
