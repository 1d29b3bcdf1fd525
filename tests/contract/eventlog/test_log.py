"""What a log promises, kept by both: in memory for tests, in PostgreSQL for real."""

from dataclasses import replace

import pytest

from appending import Kept, append, stream
from eventlog.store import ANY, MAX_BODY, NEW, Append, BodyTooLarge, Log, LogFrozen


async def test_an_empty_log_has_no_events(log: Log) -> None:
    assert (await log.head()).position == 0
    assert await log.page(0) == []
    assert await log.stream(stream()) == []
    assert await log.streams([stream()]) == {stream(): []}
    assert await log.answered("nothing") is None


async def test_positions_and_versions_run_from_one_without_gap(log: Log) -> None:
    first = await log.append(append("a", stream(1), count=3))
    second = await log.append(append("b", stream(2)))
    third = await log.append(append("c", stream(1), 3, count=2))
    assert [(a.first, a.last, a.version) for a in (first, second, third)] == [
        (1, 3, 3),
        (4, 4, 1),
        (5, 6, 5),
    ]
    rows = await log.page(0)
    assert [row.position for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.version for row in rows] == [1, 2, 3, 1, 4, 5]
    assert (await log.head()).position == 6


async def test_every_answer_may_stand_in_one_batch(log: Log) -> None:
    await log.append_all([append("old", stream(1), count=2), append("other", stream(2))])
    answers = await log.append_all(
        [
            append("new", stream(3), NEW, count=2),
            append("late", stream(1), 1),
            append("old", stream(1), count=2),
            append("other", stream(2), request="something else"),
            append("any", stream(2), ANY),
            append("any of none", stream(4), ANY),
            append("right", stream(1), 2),
        ]
    )
    assert [(a.status, a.first, a.last, a.version) for a in answers] == [
        ("ok", 4, 5, 2),
        ("conflict", None, None, 2),
        ("duplicate", 1, 2, 2),
        ("key_reused", 3, 3, 1),
        ("ok", 6, 6, 2),
        ("conflict", None, None, 0),
        ("ok", 7, 7, 3),
    ]
    assert [row.position for row in await log.page(0)] == [1, 2, 3, 4, 5, 6, 7]


async def test_a_stream_may_grow_twice_in_one_go(log: Log) -> None:
    answers = await log.append_all([append("a", stream()), append("b", stream(), 1)])
    assert [a.status for a in answers] == ["ok", "ok"]


async def test_a_key_twice_in_one_go_is_stored_once(log: Log) -> None:
    answers = await log.append_all([append("a", stream(1)), append("a", stream(2))])
    assert [(a.status, a.last) for a in answers] == [("ok", 1), ("duplicate", 1)]


async def test_a_duplicate_is_found_whatever_became_of_the_stream(log: Log) -> None:
    await log.append_all([append("a", stream()), append("b", stream(), 1)])
    again = await log.append(append("a", stream(), 0))
    assert (again.status, again.first, again.last, again.version) == ("duplicate", 1, 1, 2)
    assert again.stored


async def test_a_conflict_leaves_its_key_free(log: Log) -> None:
    assert (await log.append(append("a", stream(), 5))).status == "conflict"
    assert (await log.append(append("a", stream(), NEW))).status == "ok"


async def test_a_key_says_what_it_was_answered(log: Log) -> None:
    await log.append_all([append("a", stream(), count=2), append("b", stream(), 2)])
    known = await log.answered("a")
    assert known is not None
    assert (known.status, known.first, known.last, known.version) == ("duplicate", 1, 2, 2)
    assert known.recorded_at == (await log.page(0))[0].recorded_at


async def test_without_events_only_key_and_version_are_looked_at(log: Log) -> None:
    await log.append(append("a", stream(1)))
    asked = [
        append("a", stream(1), NEW, count=0),
        append("a", stream(1), NEW, count=0, request="other"),
        append("b", stream(1), NEW, count=0),
        append("c", stream(1), 1, count=0),
        append("d", stream(2), NEW),
    ]
    answers = await log.append_all(asked)
    assert [(a.status, a.last) for a in answers] == [
        ("duplicate", 1),
        ("key_reused", 1),
        ("conflict", None),
        ("ok", None),
        ("ok", 2),
    ]
    assert await log.answered("c") is None


async def test_bytes_come_back_exactly_as_given(log: Log) -> None:
    odd = '{ "b":1.0, "a":"\\u00e9\u00e9\\/\U0001f600",\n"a":2 }'.encode()
    given = append("a", stream())
    given = replace(given, events=(replace(given.events[0], body=odd, owner=None, causation=None),))
    await log.append(given)
    (row,) = await log.page(0)
    assert row.body == odd
    event = given.events[0]
    assert (row.stream, row.id, row.type, row.schema_version) == (
        stream(),
        event.id,
        event.type,
        event.schema_version,
    )
    assert (row.owner, row.correlation, row.causation) == (None, event.correlation, None)


async def test_events_read_back_typed(log: Log) -> None:
    await log.append(append("a", stream()))
    ((row,),) = (await log.streams([stream()])).values()
    assert row.event.type == "ScheduleToggled"
    assert row.decoded().subject == row.stream


async def test_a_stream_is_read_from_a_version_on(log: Log) -> None:
    await log.append_all([append("a", stream(1), count=3), append("b", stream(2))])
    assert [row.version for row in await log.stream(stream(1), after=1)] == [2, 3]
    assert await log.stream(stream(1), after=3) == []


async def test_a_long_stream_is_read_whole(log: Log) -> None:
    await log.append(append("a", stream(), count=2500))
    assert [row.version for row in await log.stream(stream(), after=1)] == list(range(2, 2501))


async def test_pages_join_without_gap(log: Log) -> None:
    await log.append(append("a", stream(), count=5))
    assert [row.position for row in await log.page(0, 2)] == [1, 2]
    assert [row.position for row in await log.page(2, 2)] == [3, 4]
    assert [row.position for row in await log.page(4, 2)] == [5]
    assert await log.page(5, 2) == []


async def test_many_streams_are_read_at_once(log: Log) -> None:
    await log.append_all([append(f"k{n}", stream(n), count=2) for n in range(600)])
    found = await log.streams([stream(n) for n in range(601)])
    assert [row.version for row in found[stream(599)]] == [1, 2]
    assert found[stream(600)] == []
    assert sum(map(len, found.values())) == 1200


async def test_recorded_times_never_step_back_with_the_clock(kept: Kept) -> None:
    await kept.log.append(append("a", stream(1)))
    before = await kept.step_back()
    answer = await kept.log.append(append("b", stream(2)))
    (row,) = await kept.log.page(1)
    assert row.recorded_at == before
    assert answer.recorded_at == before


async def test_a_frozen_log_takes_nothing(kept: Kept) -> None:
    await kept.log.append(append("a", stream(1)))
    await kept.freeze()
    with pytest.raises(LogFrozen):
        await kept.log.append(append("b", stream(2)))
    assert (await kept.log.head()).position == 1


async def test_nothing_appended_is_nothing_answered(log: Log) -> None:
    assert await log.append_all([]) == []


def test_a_body_beyond_the_limit_is_refused_before_it_is_sent() -> None:
    (event,) = append("a", stream()).events
    large = replace(event, body=b"x" * (MAX_BODY + 1))
    with pytest.raises(BodyTooLarge):
        Append("a", b"", stream(), NEW, (large,))
