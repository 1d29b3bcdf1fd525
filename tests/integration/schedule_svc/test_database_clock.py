"""The database's clock as this process knows it: never ahead, not far behind."""

from datetime import datetime, timedelta
from time import monotonic

import pytest

from eventlog.postgres import PostgresLog
from schedule_svc.database_clock import DatabaseClock

MILLISECOND = timedelta(milliseconds=1)


async def shown(log: PostgresLog) -> datetime:
    return await log.pool.fetchval("select clock_timestamp()")


@pytest.fixture
async def clock(log: PostgresLog) -> DatabaseClock:
    clock = DatabaseClock(log.pool)
    await clock.measure()
    return clock


async def test_it_is_never_ahead_of_the_database(log: PostgresLog, clock: DatabaseClock) -> None:
    for _ in range(200):
        mine = clock.now()
        assert mine <= await shown(log)


async def test_it_is_less_than_a_few_milliseconds_behind(
    log: PostgresLog, clock: DatabaseClock
) -> None:
    behind = [(await shown(log)) - clock.now() for _ in range(50)]
    assert min(behind) < 5 * MILLISECOND


async def test_a_clock_that_steps_back_is_believed_at_once(clock: DatabaseClock) -> None:
    now = monotonic()
    earlier = clock.now() - timedelta(seconds=10)
    clock.witness(earlier, now, now + 0.001)
    assert clock.now() - earlier < timedelta(seconds=1)


async def test_a_clock_that_steps_ahead_is_believed_at_once(clock: DatabaseClock) -> None:
    now = monotonic()
    later = clock.now() + timedelta(seconds=10)
    clock.witness(later, now, now + 0.001)
    assert clock.now() > later - timedelta(seconds=1)


async def test_a_slow_answer_does_not_loosen_what_is_known(clock: DatabaseClock) -> None:
    now = monotonic()
    before = clock.now()
    clock.witness(before, now - 0.1, now + 3)
    assert clock.now() >= before


async def test_what_was_recorded_before_it_could_be_is_a_step_back(clock: DatabaseClock) -> None:
    asked = monotonic()
    recorded = clock.now() - timedelta(seconds=1)
    clock.recorded(recorded, asked)
    assert clock.now() - recorded < timedelta(milliseconds=500)
