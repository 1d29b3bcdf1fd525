"""Tail reads every event once and in order, however badly they are delivered."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliveries import grow, grown, positions, read_to, taken
from eventlog.memory import MemoryLog
from eventlog.pull import Broken
from eventlog.store import LogUnavailable, Row
from eventlog.tail import OtherLog, Reader, follow, sift
from eventlog.wire import Frame, microseconds, subject

OURS = str(MemoryLog().log_id)
COUNT = 12


def delivered(row: Row, log_id: str = OURS) -> Frame:
    at = microseconds(row.recorded_at)
    return Frame(log_id, row.position, row.version, at, subject(row), row.body)


def frames(rows: Sequence[Row], *wanted: int) -> list[Frame]:
    return [delivered(rows[position - 1]) for position in wanted]


async def test_what_follows_is_taken_and_repetitions_are_dropped() -> None:
    rows = (await grown(9)).rows
    assert sift(frames(rows, 3, 4, 3, 5, 1, 6), OURS, 3) == (rows[3:6], True)


async def test_nothing_behind_a_gap_is_taken() -> None:
    rows = (await grown(9)).rows
    assert sift(frames(rows, 4, 6, 5), OURS, 3) == (rows[3:4], False)


async def test_nothing_of_another_log_is_taken() -> None:
    rows = (await grown(9)).rows
    foreign = [*frames(rows, 4), delivered(rows[4], str(UUID(int=9))), *frames(rows, 5)]
    assert sift(foreign, OURS, 3) == (rows[3:4], False)


Step = tuple[str, list[int]]
"""What a delivery does next: brings positions, is silent, breaks, refuses to open."""


def steps() -> st.SearchStrategy[list[Step]]:
    some = st.lists(st.integers(1, COUNT), max_size=6)
    kinds = st.sampled_from(["bring", "bring", "bring", "foreign", "break", "refuse"])
    return st.lists(st.tuples(kinds, some), max_size=12)


@dataclass
class Scripted:
    """A feed that plays its script, and is silent afterwards while the log grows."""

    log: MemoryLog
    script: list[Step]
    last: int = 0

    async def open(self, after: int) -> None:
        if self.script and self.script[0][0] == "refuse":
            self.script.pop(0)
            raise Broken("refused")

    async def next(self, limit: int, timeout_s: float) -> list[Frame]:
        if not self.script:
            await grow_by_one(self.log, self.last)
            return []
        kind, wanted = self.script.pop(0)
        if kind == "break":
            raise Broken("broken")
        await grow_to(self.log, max(wanted, default=0))
        found = frames(self.log.rows, *wanted)[:limit]
        return [_forged(frame) for frame in found] if kind == "foreign" else found

    async def close(self) -> None: ...


@settings(max_examples=300, deadline=None)
@given(script=steps(), before=st.integers(0, COUNT), after=st.integers(0, COUNT))
def test_every_position_in_order_once_over_any_delivery(
    script: list[Step], before: int, after: int
) -> None:
    asyncio.run(_reads_all(script, before, min(before, after)))


async def _reads_all(script: list[Step], before: int, after: int) -> None:
    log, last = await grown(before), COUNT + 5
    feed = Scripted(log, script, last)
    reader = Reader(log, feed, lambda _: grow_by_one(log, last), after, 4, retry_s=(0.0, 0.0))
    rows: list[Row] = []
    while len(rows) < last - after:
        some = await reader.next()
        assert 0 < len(some) <= 4
        rows += some
    assert rows == log.rows[after:]


async def grow_by_one(log: MemoryLog, last: int) -> None:
    await grow_to(log, min(len(log.rows) + 1, last))


async def grow_to(log: MemoryLog, position: int) -> None:
    if (missing := position - len(log.rows)) > 0:
        await grow(log, missing, start=len(log.rows) + 1)


def _forged(frame: Frame) -> Frame:
    return replace(frame, log="other", version=99)


async def test_a_reader_behind_the_head_starts_with_the_pages() -> None:
    log = await grown(1200)
    assert await read_to(log, None, 1200, after=7) == log.rows[7:]


async def test_a_batch_is_never_larger_than_asked() -> None:
    async with aclosing(follow(await grown(10), None, 0, batch=4)) as news:
        assert [positions(await anext(news)) for _ in range(3)] == [
            [1, 2, 3, 4],
            [5, 6, 7, 8],
            [9, 10],
        ]


async def test_a_waiting_reader_hears_of_an_append_at_once() -> None:
    log = await grown(1)
    async with aclosing(follow(log, None, 1)) as news, asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(taken(news, 2))
        await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        await grow(log, 1, start=2)
        assert positions(await reading) == [2]
        assert asyncio.get_running_loop().time() - began < 0.02


async def test_a_log_that_is_away_is_waited_for() -> None:
    log = Away(failures=3)
    await grow(log, 5)
    assert positions(await read_to(log, None, 5)) == [1, 2, 3, 4, 5]
    assert log.failures == 0


class Away(MemoryLog):
    """Cannot be read so many times."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    async def page(self, after: int, limit: int = 1000) -> list[Row]:
        if self.failures:
            self.failures -= 1
            raise LogUnavailable
        return await super().page(after, limit)


async def test_a_fork_under_the_reader_stops_it() -> None:
    log = await grown(3)

    async def forks(_seconds: float) -> None:
        log.log_id = UUID(int=99)

    reader = Reader(
        log, Scripted(log, [("break", []), ("refuse", [])]), forks, 3, 4, retry_s=(0.0, 0.0)
    )
    with pytest.raises(OtherLog):
        await reader.next()
