"""What ends a run before its calls do: a cancellation, a runner that leaves; and what does not."""

import asyncio
import json

import pytest

from contracts.events.run import RunInterrupted
from deliveries import until
from onecall import fine
from rawserver import Conversation, serving
from runner_svc import runner as runner_module
from runs import World, calls, request, run_id, story, told, want_end

RUN = run_id(1)
GOOD = ["RunRequested", "RunStarted", "CallCompleted", "CallCompleted", "RunCompleted"]


async def test_a_cancelled_run_breaks_its_calls_off(world: World) -> None:
    await request(world.log, RUN)
    runner = world.runner()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(runner.attend(RUN))
        await told(world.log, RUN, "CallCompleted")
        await want_end(world.log, RUN)
        runner.cancel(RUN)
    assert await calls(world.log, RUN) == {"fast": "ok", "slow": "cancelled"}
    assert (await story(world.log, RUN))[-1] == "RunCancelled"
    async with asyncio.timeout(5):
        await world.server.hung_up.wait()


async def test_a_cancellation_nobody_heard_is_found_at_the_next_call(world: World) -> None:
    quick = asyncio.Event()

    async def answer(talk: Conversation) -> None:
        if json.loads(talk.body)["model"] == "fast":
            await quick.wait()
            return await fine(talk)
        return await talk.hang()

    async with serving(answer) as server:
        world.server = server
        await request(world.log, RUN)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(world.runner().attend(RUN))
            await told(world.log, RUN, "RunStarted")
            await want_end(world.log, RUN)
            quick.set()
    assert await calls(world.log, RUN) == {"fast": "ok", "slow": "cancelled"}
    assert (await story(world.log, RUN))[-1] == "RunCancelled"


async def test_a_run_cancelled_before_its_start_is_not_begun(world: World) -> None:
    await request(world.log, RUN)
    await want_end(world.log, RUN)
    assert await world.runner().attend(RUN) == "ended"
    assert await story(world.log, RUN) == ["RunRequested", "RunCancelRequested", "RunCancelled"]
    assert world.server.asked == []


async def test_a_runner_that_leaves_says_which_calls_are_owed(world: World) -> None:
    await request(world.log, RUN)
    runner = world.runner()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(runner.attend(RUN))
        await told(world.log, RUN, "CallCompleted")
        runner.leave()
    end = (await told(world.log, RUN, "RunInterrupted")).event
    assert isinstance(end, RunInterrupted)
    assert (end.reason, end.owed) == ("shutdown", ("sim/slow",))
    assert await calls(world.log, RUN) == {"fast": "ok"}
    await request(world.log, run_id(2))
    assert await runner.attend(run_id(2)) == "held"
    assert await story(world.log, run_id(2)) == ["RunRequested"]


async def test_an_outage_of_the_log_delays_a_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "AGAIN_S", 0.01)
    await request(world.log, RUN)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(world.runner().attend(RUN))
        await told(world.log, RUN, "CallCompleted")
        world.log.down = True
        world.go.set()
        await until(lambda: world.log.refused > 1)
        world.log.down = False
    assert await story(world.log, RUN) == GOOD
