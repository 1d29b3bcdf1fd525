"""What goes together in one statement, and who hears of it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appending import append, stream
from eventlog.batch import MOST, MOST_BYTES, Batch, Ticket
from eventlog.store import Answer, Append, LogUnavailable

ANSWER = Answer("ok", 1, 1, 1, datetime(2026, 1, 1, tzinfo=UTC))


def batch_of(*appends: Append, ticket: Ticket | None = None) -> Batch:
    batch = Batch()
    for index, each in enumerate(appends):
        batch.add(each, ticket or Ticket(len(appends), asyncio.Future()), index)
    return batch


async def test_a_stream_occurs_once() -> None:
    batch = batch_of(append("a", stream(1)))
    assert not batch.fits(append("b", stream(1)))
    assert batch.fits(append("b", stream(2)))


async def test_a_key_occurs_once() -> None:
    assert not batch_of(append("a", stream(1))).fits(append("a", stream(2)))


async def test_a_batch_has_an_end() -> None:
    batch = batch_of(*(append(f"k{n}", stream(n)) for n in range(MOST)))
    assert not batch.fits(append("more", stream(MOST)))


async def test_a_batch_has_a_size() -> None:
    half = _of_size("a", 1, MOST_BYTES // 2)
    assert batch_of(half).fits(_of_size("b", 2, MOST_BYTES // 2))
    assert not batch_of(half).fits(_of_size("b", 2, MOST_BYTES // 2 + 1))


async def test_an_empty_batch_takes_anything() -> None:
    assert Batch().fits(replace(append("a", stream()), events=append("a", stream()).events * 5000))


async def test_columns_stand_in_the_order_of_the_appends() -> None:
    batch = batch_of(append("a", stream(1), count=2), append("b", stream(2), 4))
    keys, _, streams, expected, counts, owners_append, ids, *_, bodies = batch.columns()
    assert (keys, streams, expected, counts) == (["a", "b"], [stream(1), stream(2)], [0, 4], [2, 1])
    assert owners_append == [1, 1, 2]
    assert (len(ids), len(bodies)) == (3, 3)
    assert ids == [event.id for each in batch.appends for event in each.events]


async def test_a_caller_of_many_gets_all_answers_in_order() -> None:
    ticket = Ticket(2, asyncio.Future())
    batch = batch_of(append("a", stream(1)), append("b", stream(2)), ticket=ticket)
    later = replace(ANSWER, first=2, last=2)
    batch.resolve([ANSWER, later])
    assert await ticket.future == [ANSWER, later]


async def test_a_caller_of_many_hears_of_the_first_error() -> None:
    ticket = Ticket(2, asyncio.Future())
    first, second = batch_of(append("a", stream(1)), append("b", stream(2)), ticket=ticket).split()
    first.fail(LogUnavailable)
    second.resolve([ANSWER])
    with pytest.raises(LogUnavailable):
        await ticket.future


async def test_an_answer_too_few_is_an_error() -> None:
    batch = batch_of(append("a", stream(1)), append("b", stream(2)))
    with pytest.raises(ValueError):
        batch.resolve([ANSWER])


async def test_who_left_is_not_told() -> None:
    ticket = Ticket(1, asyncio.Future())
    ticket.future.cancel()
    batch = batch_of(append("a", stream(1)), ticket=ticket)
    batch.resolve([ANSWER])
    batch.fail(LogUnavailable)
    assert ticket.future.cancelled()


def _of_size(key: str, number: int, size: int) -> Append:
    given = append(key, stream(number))
    return replace(given, events=(replace(given.events[0], body=b"x" * size),))
