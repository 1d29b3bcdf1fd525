"""One run on the log in memory, its calls over real sockets: who claims it, who may end it."""

import asyncio
from dataclasses import replace

import pytest

from contracts.events.run import (
    CallCompleted,
    RunCompleted,
    RunInterrupted,
    RunStarted,
)
from contracts.ids import run_stream
from eventlog.store import Row
from runs import (
    FAST,
    NOON,
    OWNER,
    SLOW,
    World,
    calls,
    request,
    run_id,
    sought,
    story,
    tell,
    told,
)

RUN = run_id(1)
GOOD = ["RunRequested", "RunStarted", "CallCompleted", "CallCompleted", "RunCompleted"]


async def test_a_run_goes_from_request_to_end(world: World) -> None:
    await request(world.log, RUN, FAST)
    assert await world.runner().attend(RUN) == "ended"
    assert await story(world.log, RUN) == [
        *("RunRequested", "RunStarted", "CallCompleted", "RunCompleted")
    ]
    requested, *ours = await world.log.stream(run_stream(RUN))
    for row in ours:
        said = row.decoded()
        assert (said.owner, said.correlationid, said.causationid) == (OWNER, RUN, requested.id)
        assert (said.source, said.actor, said.time) == ("/runner-svc", "service:runner-svc", NOON)
    started, call, completed = (row.event for row in ours)
    assert started == RunStarted(run_id=RUN, attempt=1, runner="bob")
    assert isinstance(call, CallCompleted)
    assert call.call.response == "Hello"
    assert completed == RunCompleted(run_id=RUN, attempt=1, outcome="succeeded")


async def test_a_call_is_in_the_log_while_its_neighbour_still_runs(world: World) -> None:
    await request(world.log, RUN)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(world.runner().attend(RUN))
        await told(world.log, RUN, "CallCompleted")
        assert await calls(world.log, RUN) == {"fast": "ok"}
        world.go.set()
    assert await calls(world.log, RUN) == {"fast": "ok", "slow": "ok"}
    assert await story(world.log, RUN) == GOOD


async def test_a_failing_target_leaves_its_neighbour_whole(world: World) -> None:
    unknown = FAST.model_copy(update={"provider": "nobody"})
    await request(world.log, RUN, unknown, FAST)
    await world.runner().attend(RUN)
    end = (await told(world.log, RUN, "RunCompleted")).event
    assert isinstance(end, RunCompleted)
    assert (end.outcome, end.error) == (
        "partial",
        "nobody/fast: this model is no longer configured",
    )


async def test_of_many_runners_one_runs_it(world: World) -> None:
    await request(world.log, RUN)
    async with asyncio.TaskGroup() as tasks:
        tries = [tasks.create_task(world.runner(f"r{n}").attend(RUN)) for n in range(5)]
        await told(world.log, RUN, "CallCompleted")
        world.go.set()
    assert sorted(each.result() for each in tries) == ["ended", *["held"] * 4]
    assert await story(world.log, RUN) == GOOD
    assert len(world.server.asked) == 2


async def test_a_redelivery_to_the_same_runner_starts_nothing(world: World) -> None:
    await request(world.log, RUN)
    runner = world.runner()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(runner.attend(RUN))
        await told(world.log, RUN, "CallCompleted")
        assert await runner.attend(RUN) == "held"
        world.go.set()
    assert await runner.attend(RUN) == "ended"
    assert len(world.server.asked) == 2


async def test_a_run_whose_runner_lives_is_left_alone(world: World) -> None:
    await request(world.log, RUN)
    await tell(world.log, RUN, RunStarted(run_id=RUN, attempt=1, runner="ada"))
    world.living.add("ada")
    assert await world.runner().attend(RUN) == "held"
    assert await story(world.log, RUN) == ["RunRequested", "RunStarted"]


async def test_a_lost_run_is_ended_and_keeps_its_calls(world: World) -> None:
    await request(world.log, RUN)
    lost = world.runner("ada")
    async with asyncio.TaskGroup() as tasks:
        abandoned = tasks.create_task(lost.attend(RUN))
        await told(world.log, RUN, "CallCompleted")
        abandoned.cancel()
    world.living.remove("ada")
    assert await world.runner().attend(RUN) == "ended"
    assert (await told(world.log, RUN, "RunInterrupted")).event == RunInterrupted(
        run_id=RUN,
        attempt=1,
        runner="ada",
        reason="the runner was lost",
        owed=("sim/slow",),
        final=True,
    )
    assert await calls(world.log, RUN) == {"fast": "ok"}
    assert await world.runner("eve").attend(RUN) == "ended"
    assert (await story(world.log, RUN))[-1] == "RunInterrupted"


async def test_a_start_of_our_own_that_we_do_not_hold_is_lost(world: World) -> None:
    await request(world.log, RUN)
    await tell(world.log, RUN, RunStarted(run_id=RUN, attempt=1, runner="bob"))
    assert await world.runner("bob").attend(RUN) == "ended"
    assert (await story(world.log, RUN))[-1] == "RunInterrupted"


async def test_a_runner_taken_for_dead_changes_nothing_more(world: World) -> None:
    await request(world.log, RUN)
    async with asyncio.TaskGroup() as tasks:
        paused = tasks.create_task(world.runner("ada").attend(RUN))
        await told(world.log, RUN, "CallCompleted")
        world.living.remove("ada")
        await world.runner().attend(RUN)
        world.go.set()
    assert paused.result() == "ended"
    assert await story(world.log, RUN) == [
        *("RunRequested", "RunStarted", "CallCompleted", "RunInterrupted")
    ]


async def unreadable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request as a later release would write it."""
    await request(world.log, RUN)
    stream = await world.log.stream(run_stream(RUN))
    later = replace(stream[0], schema_version=99)

    async def as_written_later(_stream: str, after: int = 0) -> list[Row]:
        return [later, *world.log.rows[1:]][after:]

    monkeypatch.setattr(world.log, "stream", as_written_later)


async def test_a_request_that_cannot_be_read_ends_as_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await unreadable(world, monkeypatch)
    assert await world.runner().attend(RUN) == "ended"
    end = (await told(world.log, RUN, "RunCompleted")).event
    assert isinstance(end, RunCompleted)
    assert end.outcome == "failed"
    assert (end.error or "").startswith("unreadable")
    assert await world.runner("eve").attend(RUN) == "ended"
    assert await story(world.log, RUN) == ["RunRequested", "RunCompleted"]


async def test_what_a_newer_release_began_is_not_ended_by_an_older_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await unreadable(world, monkeypatch)
    await tell(world.log, RUN, RunStarted(run_id=RUN, attempt=1, runner="eve"))
    assert await world.runner().attend(RUN) == "ended"
    assert await story(world.log, RUN) == ["RunRequested", "RunStarted"]


async def test_what_was_not_requested_is_nobodys(world: World) -> None:
    assert await world.runner().attend(RUN) == "ended"
    assert world.log.rows == []


async def test_the_slow_one_is_recorded_under_the_same_key_by_whoever_tries(world: World) -> None:
    await request(world.log, RUN, SLOW)
    world.go.set()
    await world.runner().attend(RUN)
    row = await sought(world.log, RUN, lambda row: row.type == "CallCompleted")
    event = row.event
    assert isinstance(event, CallCompleted)
    key = f"run:{RUN}:1:call:{event.call.call_id}"
    assert await world.log.answered(key) is not None
