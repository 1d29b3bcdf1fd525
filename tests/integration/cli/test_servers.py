"""The servers that `up` starts, and how little each service may do on them."""

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg
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
    asked = """
        select p.oid::regprocedure::text as signature
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'eventlog' and p.provolatile = 'v'
            and has_function_privilege(p.oid, 'execute')"""
    callable_ = {str(row["signature"]) for row in await connection.fetch(asked)}
    assert callable_ == {"eventlog.lease_alive(text)"}
    await connection.close()


async def said(start: Start, login: dict[str, str], line: str) -> str:
    """The first error a NATS client hears after this line."""
    port = start.variables["TICKMARK_NATS__URL"].rpartition(":")[2]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(f"CONNECT {json.dumps(login)}\r\n{line}\r\n".encode())
    try:
        async with asyncio.timeout(10):
            while not (heard := await reader.readline()).startswith(b"-ERR"):
                assert heard
    finally:
        writer.close()
    return heard.decode()


@pytest.mark.parametrize("service", ["schedule", "runner", "gateway"])
async def test_only_the_relay_may_publish_events(start: Start, service: str) -> None:
    password = start.private[service]["TICKMARK_NATS__PASSWORD"]
    login = {"user": service, "pass": password}
    heard = await said(start, login, "PUB evt.run.1.RunRequested 2\r\n{}")
    assert "Permissions Violation for Publish" in heard


async def test_nobody_enters_without_a_password(start: Start) -> None:
    assert "Authorization Violation" in await said(start, {}, "PING")
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
