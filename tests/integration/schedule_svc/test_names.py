"""Names and places are reserved: by one at a time, and not for ever by a process that died."""

import asyncio
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

import pytest

from eventlog.postgres import PostgresLog
from schedule_svc.commands import Desk
from schedule_svc.names import SQL, STALE
from schedule_svc.refusals import NameTaken, TooManySchedules
from schedule_svc.requests import answer
from schedule_svc.state import Schedule
from scheduling import HOURLY, Ask, delete, made, new_schedule, rename

WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"


@pytest.fixture
def ask(desk: Desk) -> Ask:
    return partial(answer, desk)


async def test_a_rival_waits_for_the_reservation_under_way(desk: Desk, log: PostgresLog) -> None:
    now, done = desk.clock.now(), list[str]()

    async def rival() -> None:
        with pytest.raises(TooManySchedules):
            await desk.names.for_new("ada", "s3", uuid4(), now)
        done.append("rival")

    async with (
        asyncio.TaskGroup() as tasks,
        log.pool.acquire() as connection,
        connection.transaction(),
    ):
        for n in range(3):
            asked = ("ada", f"s{n}", uuid4(), 3, now, now)
            assert await connection.fetchval(SQL["name_reserve"], *asked) == "reserved"
        tasks.create_task(rival())
        while not await log.pool.fetchval(WAITING):
            assert done == []


@pytest.fixture
def later(desk: Desk) -> datetime:
    return desk.clock.now() + 2 * STALE


async def test_a_death_before_the_append_leaves_a_name_that_frees_itself(
    desk: Desk, later: datetime
) -> None:
    now = desk.clock.now()
    await desk.names.for_new("ada", "Lateness", uuid4(), now)
    with pytest.raises(NameTaken):
        await desk.names.for_new("ada", "Lateness", uuid4(), now + STALE)
    await desk.names.for_new("ada", "Lateness", uuid4(), later)


async def test_a_death_before_the_append_leaves_a_place_that_frees_itself(
    desk: Desk, later: datetime
) -> None:
    for n in range(3):
        await desk.names.for_new("ada", f"s{n}", uuid4(), desk.clock.now())
    with pytest.raises(TooManySchedules):
        await desk.names.for_new("ada", "Lateness", uuid4(), desk.clock.now())
    await desk.names.for_new("ada", "Lateness", uuid4(), later)


async def test_a_death_after_the_deletion_leaves_a_name_that_frees_itself(
    desk: Desk, ask: Ask, later: datetime
) -> None:
    schedule_id = await made(ask, new_schedule("one", HOURLY, name="Lateness"))
    assert (await ask(delete(schedule_id))).ok
    await desk.names.for_new("ada", "Lateness", schedule_id, desk.clock.now())
    await desk.names.for_new("ada", "Lateness", uuid4(), later)


async def test_a_death_after_the_renaming_leaves_the_former_name_free(
    desk: Desk, ask: Ask, later: datetime
) -> None:
    schedule_id = await made(ask, new_schedule("one", HOURLY, name="Lateness"))
    assert (await ask(rename(schedule_id, "Speed"))).ok
    await desk.names.for_renamed("ada", "Lateness", schedule_id, desk.clock.now())
    await projected(desk, schedule_id, "Speed")
    await desk.names.for_new("ada", "Lateness", uuid4(), later)


async def test_a_reservation_left_behind_does_not_free_a_name_that_is_borne(
    desk: Desk, ask: Ask, later: datetime
) -> None:
    schedule_id = await made(ask, new_schedule("one", HOURLY, name="Lateness"))
    await desk.names.for_renamed("ada", "Speed", schedule_id, desk.clock.now())
    await projected(desk, schedule_id, "Lateness")
    with pytest.raises(NameTaken):
        await desk.names.for_new("ada", "Lateness", uuid4(), later)
    await desk.names.for_new("ada", "Speed", uuid4(), later)


async def projected(desk: Desk, schedule_id: UUID, name: str) -> None:
    """Return once the table says so."""
    async with asyncio.timeout(10):
        while True:
            owned = await desk.due.snapshot(schedule_id)
            state = owned and owned.folded.state
            if isinstance(state, Schedule) and state.definition.name == name:
                return
