"""Whatever a superuser alters behind the log's back, the audit names where."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest

from appending import Connection, append, stream
from conftest import Database
from eventlog.audit import verify as verifying
from eventlog.audit.verify import verify
from eventlog.postgres import PostgresLog, open_log

FLIPPED = "set_byte({0}, 5, get_byte({0}, 5) # 1)"
LATER = "update eventlog.log_head set recorded_at = recorded_at + interval '1 s'"
IDENTITY = "'00000000-0000-0000-0000-000000000009'"
NEXT_BODY = "(select body from eventlog.events where position = 8)"


@pytest.fixture
async def log(database: Database) -> AsyncGenerator[PostgresLog]:
    """Ten events: five streams, each grown twice, then one append of three events."""
    async with open_log(database.dsn, role="tickmark_schedule") as log:
        await log.append_all([append(f"k{n}", stream(n % 5), n // 5) for n in range(10)])
        await log.append(append("three", stream(9), count=3))
        yield log


@pytest.fixture
async def operator(database: Database) -> AsyncGenerator[Connection]:
    """A superuser, with what guards the events taken off."""
    connection = await asyncpg.connect(database.dsn)
    await connection.execute("alter table eventlog.events disable trigger all")
    for guard in ("events_pkey", "events_event_id_key", "events_stream_id_version_key"):
        await connection.execute(f"alter table eventlog.events drop constraint {guard}")
    yield connection
    await connection.close()


async def test_a_log_left_alone_is_good(log: PostgresLog) -> None:
    verdict = await verify(log)
    assert verdict.good
    assert (verdict.to, verdict.streams, verdict.commands) == (13, 6, 11)
    assert verdict.log_id == (await log.head()).log_id


async def test_an_auditor_may_verify(log: PostgresLog, database: Database) -> None:
    async with open_log(database.dsn, role="tickmark_audit") as seen:
        assert (await verify(seen)).to == (await log.head()).position


async def test_an_empty_log_is_good(database: Database) -> None:
    async with open_log(database.dsn) as log:
        assert (await verify(log)).good


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("position", "70", "row"),
        ("stream_id", f"'{stream(3)}'", "columns"),
        ("version", "1", "hash"),
        ("event_id", IDENTITY, "columns"),
        ("type", "'ScheduleDeleted'", "columns"),
        ("schema_version", "2", "columns"),
        ("owner", "'eve'", "columns"),
        ("owner", "null", "columns"),
        ("correlation_id", IDENTITY, "columns"),
        ("causation_id", IDENTITY, "columns"),
        ("causation_id", "null", "columns"),
        ("recorded_at", "recorded_at + interval '1 microsecond'", "hash"),
        ("recorded_at", "'infinity'", "hash"),
        ("body", FLIPPED.format("body"), "hash"),
        ("body", NEXT_BODY, "hash"),
        ("content_hash", FLIPPED.format("content_hash"), "hash"),
        ("leaf_hash", FLIPPED.format("leaf_hash"), "hash"),
    ],
)
async def test_an_altered_event_is_found(
    log: PostgresLog, operator: Connection, column: str, value: str, what: str
) -> None:
    await operator.execute(f"update eventlog.events set {column} = {value} where position = 7")
    first = (await verify(log)).first
    assert first is not None
    assert (first.position, first.what) == (7, what)


@pytest.mark.parametrize(
    ("change", "position", "what"),
    [
        ("delete from eventlog.events where position = 4", 4, "row"),
        ("delete from eventlog.events where position = 13", 11, "commands"),
        ("update eventlog.events set position = 11 - position where position in (5, 6)", 5, "hash"),
        ("update eventlog.log_head set position = 12", 13, "row"),
        (LATER, 13, "time"),
        (f"update eventlog.streams set version = 3 where stream_id = '{stream(1)}'", 13, "version"),
        (f"update eventlog.streams set version = 1 where stream_id = '{stream(1)}'", 7, "version"),
        (f"delete from eventlog.streams where stream_id = '{stream(1)}'", 2, "version"),
        (f"insert into eventlog.streams values ('{stream(70)}', 1)", 13, "version"),
        ("update eventlog.commands set first_position = 3 where key = 'k3'", 3, "commands"),
        ("update eventlog.commands set last_position = 12 where key = 'three'", 11, "commands"),
        ("update eventlog.commands set first_position = 99 where key = 'k3'", 99, "commands"),
        ("update eventlog.commands set key = 'k99' where key = 'k3'", 4, "commands"),
        ("update eventlog.commands set created_at = now() where key = 'k3'", 4, "commands"),
    ],
)
async def test_an_altered_table_is_found(
    log: PostgresLog, operator: Connection, change: str, position: int, what: str
) -> None:
    await operator.execute(change)
    first = (await verify(log)).first
    assert first is not None
    assert (first.position, first.what) == (position, what)


async def test_the_first_of_several_flaws_is_named(log: PostgresLog, operator: Connection) -> None:
    for position in (9, 3):
        flip = f"update eventlog.events set body = '' where position = {position}"
        await operator.execute(flip)
    first = (await verify(log)).first
    assert first is not None
    assert first.position == 3


async def test_pages_and_ranges_meet_without_gap(
    log: PostgresLog, monkeypatch: pytest.MonkeyPatch, operator: Connection
) -> None:
    monkeypatch.setattr(verifying, "PAGE", 3)
    monkeypatch.setattr(verifying, "IDS_AT_ONCE", 2)
    assert (await verify(log)).good
    for position in range(1, 14):
        async with operator.transaction():
            change = f"update eventlog.events set leaf_hash = '' where position = {position}"
            await operator.execute(change)
        first = (await verify(log)).first
        assert first is not None
        assert first.position == position
        await operator.execute(_leaf(position))


async def test_an_event_stored_twice_is_found(log: PostgresLog, operator: Connection) -> None:
    """Even where place, version, hashes and head are made to fit."""
    copied = (
        "stream_id, event_id, type, schema_version, owner, correlation_id, causation_id, body, "
        "content_hash"
    )
    again = (
        f"insert into eventlog.events (position, version, leaf_hash, recorded_at, {copied}) "
        f"select 14, 3, '', h.recorded_at, {copied} "
        "from eventlog.events e, eventlog.log_head h where e.position = 6"
    )
    for change in (
        again,
        _leaf(14),
        f"update eventlog.streams set version = 3 where stream_id = '{stream(0)}'",
        "update eventlog.log_head set position = 14",
    ):
        await operator.execute(change)
    first = (await verify(log)).first
    assert first is not None
    assert (first.position, first.what) == (14, "id")


def _leaf(position: int) -> str:
    """Makes a row's leaf fit again."""
    return (
        "update eventlog.events set leaf_hash = sha256('\\x00'::bytea || content_hash || "
        "int8send(position) || int4send(version) || timestamptz_send(recorded_at)) "
        f"where position = {position}"
    )
