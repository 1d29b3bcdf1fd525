"""One appender over a real server: batches, order, lost connections, faulty neighbours."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from appending import Wire, append, stream
from conftest import Database
from eventlog import appender, link
from eventlog.lease import take
from eventlog.postgres import PostgresLog, open_log
from eventlog.store import ANY, Append, Fenced, LogError, LogUnavailable


async def test_what_waits_goes_in_one_commit(database: Database) -> None:
    async with open_log(database.dsn) as log:
        await log.append_all([append(f"k{n}", stream(n)) for n in range(200)])
        recorded = {row.recorded_at for row in await log.page(0)}
    assert len(recorded) == 1


async def test_positions_follow_the_order_of_the_calls(log: PostgresLog) -> None:
    async with asyncio.TaskGroup() as tasks:
        for n in range(1000):
            tasks.create_task(log.append(append(f"k{n}", stream(n % 7), ANY if n >= 7 else 0)))
    rows = await log.page(0)
    assert [row.id for row in rows] == [append(f"k{n}", stream()).events[0].id for n in range(1000)]


async def test_a_lost_reply_is_no_second_event(wire: Wire) -> None:
    async with open_log(wire.dsn) as log:
        await log.append(append("first", stream(1)))
        wire.lose_reply = True
        answer = await log.append(append("second", stream(2)))
        assert wire.replies_lost == 1
        assert answer.stored
        assert (await log.head()).position == 2


async def test_a_cut_connection_is_made_again(wire: Wire) -> None:
    async with open_log(wire.dsn) as log:
        await log.append(append("before", stream(1)))
        wire.cut()
        assert (await log.append(append("after", stream(2)))).last == 2
        wire.cut()
        assert len(await log.page(0)) == 2


async def test_a_server_that_falls_silent_is_left(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "ANSWER_WITHIN_S", 1.0)
    async with open_log(wire.dsn) as log:
        await log.append(append("before", stream(1)))
        wire.mute = True
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(log.append(append("silence", stream(2))))
            await asyncio.wait({waiting}, timeout=0.5)
            assert not waiting.done()
            wire.mute = False
        assert waiting.result().stored
        assert (await log.head()).position == 2


async def test_without_a_server_those_who_wait_are_told(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "PATIENCE_S", 0.3)
    async with open_log(wire.dsn) as log:
        await log.append(append("before", stream(1)))
        wire.dead = True
        wire.cut()
        with pytest.raises(LogUnavailable):
            await log.append(append("during", stream(2)))
        wire.dead = False
        assert (await log.append(append("during", stream(2)))).last == 2


async def test_reads_without_a_server_are_refused_by_name(wire: Wire) -> None:
    async with open_log(wire.dsn) as log:
        wire.dead = True
        wire.cut()
        with pytest.raises(LogUnavailable):
            await log.head()
        wire.dead = False
        assert (await log.head()).position == 0


async def test_a_full_queue_takes_no_more(
    wire: Wire, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appender, "MOST_WAITING", 10)
    async with open_log(wire.dsn) as slow, asyncio.TaskGroup() as tasks:
        many = [append(f"k{n}", stream(n)) for n in range(20)]
        waiting = tasks.create_task(slow.append_all(many))
        await asyncio.sleep(0)
        with pytest.raises(LogUnavailable):
            await slow.append(append("one too many", stream(99)))
    assert all(answer.status == "ok" for answer in waiting.result())
    assert (await log.head()).position == 20


async def test_a_faulty_append_harms_only_itself(log: PostgresLog) -> None:
    good = [append(f"k{n}", stream(n)) for n in range(5)]
    faulty = append("faulty", stream(9), owner="no\0such")
    async with asyncio.TaskGroup() as tasks:
        answers = [tasks.create_task(log.append(each)) for each in good[:3]]
        broken = tasks.create_task(_error_of(log, faulty))
        answers += [tasks.create_task(log.append(each)) for each in good[3:]]
    assert [(each.result().status, each.result().last) for each in answers] == [
        ("ok", position) for position in range(1, 6)
    ]
    assert isinstance(broken.result(), asyncpg.PostgresError)


async def test_an_event_id_that_exists_harms_only_itself(log: PostgresLog) -> None:
    first = append("first", stream(1))
    await log.append(first)
    twin = replace(append("twin", stream(2)), events=first.events)
    async with asyncio.TaskGroup() as tasks:
        good = tasks.create_task(log.append(append("good", stream(3))))
        bad = tasks.create_task(_error_of(log, twin))
    assert good.result().status == "ok"
    assert isinstance(bad.result(), asyncpg.UniqueViolationError)


async def test_a_caller_that_leaves_takes_nothing_along(log: PostgresLog) -> None:
    async with asyncio.TaskGroup() as tasks:
        leaving = tasks.create_task(log.append(append("left", stream(1))))
        staying = tasks.create_task(log.append(append("stayed", stream(2))))
        await asyncio.sleep(0)
        leaving.cancel()
    assert staying.result().last == 2
    assert (await log.head()).position == 2


async def test_what_waits_is_appended_before_the_log_closes(database: Database) -> None:
    async with asyncio.TaskGroup() as tasks, open_log(database.dsn) as log:
        late = tasks.create_task(log.append(append("late", stream())))
        await asyncio.sleep(0)
    assert late.result().status == "ok"


async def test_a_closed_log_takes_nothing(database: Database) -> None:
    async with open_log(database.dsn) as log:
        pass
    with pytest.raises(LogUnavailable):
        await log.append(append("late", stream()))


async def test_commits_are_told_and_may_fail_to_be_heard(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    told: asyncio.Queue[int] = asyncio.Queue()

    async def hear(position: int) -> None:
        told.put_nowait(position)
        raise RuntimeError("nobody there")

    async with open_log(database.dsn, on_commit=hear) as log, asyncio.timeout(5):
        await log.append(append("a", stream(1), count=3))
        assert await told.get() == 3
        await log.append(append("b", stream(2)))
        assert await told.get() == 4
    assert "the commit stands" in caplog.text


async def test_the_body_of_a_with_keeps_its_own_error(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with open_log(database.dsn):
            raise ZeroDivisionError


async def test_an_error_of_the_body_leaves_nobody_waiting(wire: Wire) -> None:
    async with asyncio.TaskGroup() as tasks:
        waiting = await _break_off(wire, tasks)
        wire.mute = False
        wire.cut()
    assert [type(each.result()) for each in waiting] == [LogUnavailable] * 3


async def test_a_stale_epoch_appends_nothing(database: Database, log: PostgresLog) -> None:
    old = await take(log.pool, "dispatcher", "one", 0.0)
    assert old is not None
    async with open_log(database.dsn, role="tickmark_dispatcher", lease=old) as first:
        assert (await first.append(append("a", stream(1)))).status == "ok"
        new = await take(log.pool, "dispatcher", "two", 60.0)
        assert new is not None
        assert (new.epoch, new.head) == (old.epoch + 1, 1)
        with pytest.raises(Fenced):
            await first.append(append("b", stream(2)))
    async with open_log(database.dsn, role="tickmark_dispatcher", lease=new) as second:
        assert (await second.append(append("b", stream(2)))).last == 2


async def test_a_large_append_goes_alone(log: PostgresLog) -> None:
    large = append("large", stream(1))
    body = b"x" * 700_000
    events = [replace(append(f"large{n}", stream(1)).events[0], body=body) for n in range(3)]
    large = replace(large, events=tuple(events))
    answers = await log.append_all([append("a", stream(2)), large, append("b", stream(3))])
    assert [(each.status, each.last) for each in answers] == [("ok", 1), ("ok", 4), ("ok", 5)]


async def _error_of(log: PostgresLog, faulty: Append) -> Exception | None:
    try:
        await log.append(faulty)
    except (asyncpg.PostgresError, LogError) as error:
        return error
    return None


async def _break_off(wire: Wire, tasks: asyncio.TaskGroup) -> list[asyncio.Task[Exception | None]]:
    """Leave a log by an error while three appends wait in three batches."""
    waiting: list[asyncio.Task[Exception | None]] = []
    try:
        async with open_log(wire.dsn) as log:
            await log.append(append("before", stream()))
            wire.mute = True
            appends = [append(f"k{n}", stream(), n) for n in range(1, 4)]
            waiting += [tasks.create_task(_error_of(log, each)) for each in appends]
            await asyncio.sleep(0)
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    return waiting
