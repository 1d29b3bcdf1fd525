"""Commands: answered once, refused in words, and never past an owner's limits."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import asyncpg
import pytest

from contracts.commands import (
    REPLY,
    Accepted,
    Change,
    DeleteSchedule,
    Refused,
    ScheduleCommand,
    ToggleSchedule,
    TriggerSchedule,
    UpdateSchedule,
)
from contracts.events.schedule import ScheduleCreated, ScheduleTriggered, ScheduleUpdated
from contracts.ids import command_id
from contracts.specs import Cron
from eventlog.bus import AnswerFailed, Bus
from eventlog.postgres import Pool, PostgresLog
from schedule_svc.commands import Desk
from schedule_svc.due import DueTable
from schedule_svc.requests import answer, serve
from scheduling import HOURLY, Ask, about, delete, events_of, made, new_schedule, rename, stream_of


@pytest.fixture
def ask(desk: Desk) -> Ask:
    return partial(answer, desk)


async def refused(ask: Ask, command: ScheduleCommand) -> tuple[int, str]:
    reply = await ask(command)
    assert isinstance(reply, Refused), reply
    return reply.status, reply.detail


async def test_a_new_schedule_has_its_next_instant_at_once(ask: Ask, log: PostgresLog) -> None:
    reply = await ask(new_schedule("one", HOURLY, name=" Lateness "))
    assert isinstance(reply, Accepted)
    assert reply.schedule_id == command_id("ada", "one")
    (row,) = await log.stream(stream_of(reply.schedule_id))
    (event,) = events_of([row], ScheduleCreated)
    assert (row.position, row.owner) == (reply.position, "ada")
    assert event.definition.name == "Lateness"
    assert event.next == event.epoch + timedelta(hours=1)


async def test_the_same_request_again_gets_the_first_answer(ask: Ask, log: PostgresLog) -> None:
    command = new_schedule("one", HOURLY)
    first = await ask(command)
    assert await ask(command) == first
    assert len(await log.stream(stream_of(command_id("ada", "one")))) == 1


async def test_the_same_key_for_another_request_is_refused(ask: Ask) -> None:
    await made(ask, new_schedule("one", HOURLY))
    status, detail = await refused(ask, new_schedule("one", HOURLY, name="other"))
    assert (status, detail) == (422, "This idempotency key was used before for another request.")


async def test_a_request_repeated_after_the_deletion_still_gets_its_answer(ask: Ask) -> None:
    command = new_schedule("one", HOURLY)
    first = await ask(command)
    assert isinstance(first, Accepted)
    gone = await ask(delete(first.schedule_id))
    assert await ask(command) == first
    assert await ask(delete(first.schedule_id)) == gone
    assert await refused(ask, delete(first.schedule_id, "once more")) == (
        404,
        "Schedule not found",
    )


async def test_a_trigger_works_on_a_disabled_schedule_and_only_once_per_key(
    ask: Ask, log: PostgresLog
) -> None:
    schedule_id = await made(ask, new_schedule("one", HOURLY))
    assert (await ask(ToggleSchedule(**about(schedule_id, "off"), enabled=False))).ok
    command = TriggerSchedule(**about(schedule_id, "now"))
    first, second = await ask(command), await ask(command)
    assert isinstance(first, Accepted)
    assert first == second
    assert first.run_id == command_id("ada", "now")
    (event,) = events_of(await log.stream(stream_of(schedule_id)), ScheduleTriggered)
    assert (event.cause, event.run_id, event.next) == ("manual", first.run_id, None)


async def test_nothing_to_do_is_a_success(ask: Ask, log: PostgresLog) -> None:
    schedule_id = await made(ask, new_schedule("one", HOURLY))
    reply = await ask(ToggleSchedule(**about(schedule_id), enabled=True))
    assert isinstance(reply, Accepted)
    assert reply.position == (await log.head()).position
    assert len(await log.stream(stream_of(schedule_id))) == 1


@pytest.mark.parametrize("exists", [True, False])
async def test_anothers_schedule_does_not_exist(ask: Ask, exists: bool) -> None:
    schedule_id = await made(ask, new_schedule("one", HOURLY)) if exists else uuid4()
    eve = about(schedule_id, owner="eve")
    commands: list[ScheduleCommand] = [
        UpdateSchedule(**eve, change=Change(name="mine")),
        ToggleSchedule(**eve, enabled=False),
        DeleteSchedule(**eve),
        TriggerSchedule(**eve),
    ]
    for command in commands:
        assert await refused(ask, command) == (404, "Schedule not found")


async def test_a_wrong_timing_is_refused_and_nothing_is_stored(ask: Ask, log: PostgresLog) -> None:
    wrong = new_schedule("one", Cron(cron="61 * * * *"))
    reply = await ask(wrong)
    assert isinstance(reply, Refused)
    assert reply.status == 422
    assert reply.detail == "Invalid cron expression: minute: '61' is outside 0-59"
    assert [each.field for each in reply.errors] == ["spec.cron"]
    assert (await log.head()).position == 0


async def test_a_refused_create_gives_its_name_back(ask: Ask) -> None:
    await refused(ask, new_schedule("one", Cron(cron="61 * * * *"), name="Lateness"))
    await made(ask, new_schedule("two", HOURLY, name="Lateness"))


async def test_a_name_is_borne_once_per_owner(ask: Ask) -> None:
    await made(ask, new_schedule("one", HOURLY, name="Lateness"))
    taken = (409, "A schedule with this name already exists")
    assert await refused(ask, new_schedule("two", HOURLY, name=" Lateness ")) == taken
    await made(ask, new_schedule("three", HOURLY, name="Lateness", owner="bob"))
    other = await made(ask, new_schedule("four", HOURLY, name="Other"))
    assert await refused(ask, rename(other, "Lateness")) == taken


async def test_a_deleted_or_renamed_schedule_frees_its_name_at_once(ask: Ask) -> None:
    first = await made(ask, new_schedule("one", HOURLY, name="Lateness"))
    assert (await ask(rename(first, "Speed"))).ok
    second = await made(ask, new_schedule("two", HOURLY, name="Lateness"))
    assert (await ask(delete(second))).ok
    await made(ask, new_schedule("three", HOURLY, name="Lateness"))
    assert (await refused(ask, new_schedule("four", HOURLY, name="Speed")))[0] == 409


async def test_a_refused_rename_keeps_the_old_name(ask: Ask, log: PostgresLog) -> None:
    schedule_id = await made(ask, new_schedule("one", HOURLY, name="Lateness"))
    wrong = Change(name="Speed", spec=Cron(cron="61 * * * *"))
    assert (await refused(ask, UpdateSchedule(**about(schedule_id), change=wrong)))[0] == 422
    assert events_of(await log.stream(stream_of(schedule_id)), ScheduleUpdated) == []
    await made(ask, new_schedule("two", HOURLY, name="Speed"))
    assert (await refused(ask, new_schedule("three", HOURLY, name="Lateness")))[0] == 409


async def test_parallel_creates_cannot_pass_the_limit(ask: Ask) -> None:
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(ask(new_schedule(f"s{n}", HOURLY))) for n in range(12)]
    replies = [each.result() for each in asked]
    made_ones = [reply for reply in replies if isinstance(reply, Accepted)]
    others = {reply.detail for reply in replies if isinstance(reply, Refused)}
    assert len(made_ones) == 3
    assert others == {"Maximum number of schedules (3) reached for this user"}
    assert (await ask(delete(made_ones[0].schedule_id))).ok
    await made(ask, new_schedule("after", HOURLY))


async def test_parallel_creates_cannot_share_a_name(ask: Ask) -> None:
    async with asyncio.TaskGroup() as tasks:
        asked = [
            tasks.create_task(ask(new_schedule(f"s{n}", HOURLY, name="Lateness"))) for n in range(8)
        ]
    assert sum(isinstance(each.result(), Accepted) for each in asked) == 1


async def test_parallel_edits_of_one_schedule_all_take_effect(ask: Ask, log: PostgresLog) -> None:
    schedule_id = await made(ask, new_schedule("one", HOURLY))
    async with asyncio.TaskGroup() as tasks:
        for n in range(4):
            change = Change(description=f"edit {n}")
            edit = UpdateSchedule(**about(schedule_id, f"edit {n}"), change=change)
            tasks.create_task(ask(edit))
    rows = await log.stream(stream_of(schedule_id))
    described = {each.definition.description for each in events_of(rows, ScheduleUpdated)}
    assert described == {f"edit {n}" for n in range(4)}


async def test_a_request_that_cannot_be_read_fails_alone(desk: Desk, bus: Bus) -> None:
    await serve(desk, bus)
    with pytest.raises(AnswerFailed, match="ValidationError"):
        await bus.ask("cmd.schedule.Create", b"{}")
    request = new_schedule("one", HOURLY).model_dump_json().encode()
    assert REPLY.validate_json(await bus.ask("cmd.schedule.Create", request)).ok


async def test_without_the_database_it_may_be_asked_again(desk: Desk, ask: Ask) -> None:
    schedule_id = await made(ask, new_schedule("one", HOURLY))
    away = replace(desk, due=DueTable(await unreachable()))
    reply = await answer(away, rename(schedule_id, "Speed"))
    assert isinstance(reply, Refused)
    assert (reply.status, reply.retry_after) == (503, 1)


async def unreachable() -> Pool:
    """A pool whose server is not there."""
    return await asyncpg.create_pool("postgresql://127.0.0.1:1/none", min_size=0, max_size=1)
