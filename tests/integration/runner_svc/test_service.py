"""Runner processes on real PostgreSQL and NATS: killed, paused, stopped, delivered to twice."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol
from uuid import UUID

import pytest

from contracts.events.run import RunInterrupted
from deliveries import until
from eventlog.jetstream import call
from eventlog.postgres import create_pool
from runner_svc import open_runs
from runner_svc.presence import lives, present
from runners import Installation, installation
from runs import FAST, SLOW, calls, request, run_id, story, told, want_end

RUN = run_id(1)
ONE = ["RunRequested", "RunStarted", "CallCompleted", "RunCompleted"]
GOOD = ["RunRequested", "RunStarted", "CallCompleted", "CallCompleted", "RunCompleted"]


class Database(Protocol):
    @property
    def dsn(self) -> str: ...


@pytest.fixture
async def installed(
    database: Database, nats_url: str, tmp_path: Path
) -> AsyncGenerator[Installation]:
    async with installation(database.dsn, nats_url, tmp_path) as made:
        yield made


async def test_a_requested_run_is_run(installed: Installation) -> None:
    await installed.start()
    await request(installed.log, RUN)
    installed.go.set()
    await told(installed.log, RUN, "RunCompleted")
    assert await story(installed.log, RUN) == GOOD


async def test_many_runs_are_shared_out_and_each_is_run_once(
    database: Database, nats_url: str, tmp_path: Path
) -> None:
    """Two replicas with five slots each: ten go at once, and the rest when there is room."""
    async with installation(database.dsn, nats_url, tmp_path, slots=5) as installed:
        replicas = [await installed.start() for _ in range(2)]
        ids = [run_id(n) for n in range(25)]
        for each in ids:
            await request(installed.log, each, SLOW)
        await until(lambda: len(installed.server.asked) == 10)
        assert [len(replica.said("run_started")) for replica in replicas] == [5, 5]
        installed.go.set()
        for each in ids:
            await told(installed.log, each, "RunCompleted")
            assert await story(installed.log, each) == ONE
        assert len(installed.server.asked) == 25


async def test_a_runner_killed_in_a_run_leaves_it_interrupted(installed: Installation) -> None:
    await installed.start()
    await request(installed.log, RUN)
    await told(installed.log, RUN, "CallCompleted")
    killed = await installed.holder(RUN)
    await killed.kill()
    await installed.start()
    end = (await told(installed.log, RUN, "RunInterrupted")).event
    assert isinstance(end, RunInterrupted)
    assert (end.final, end.owed, end.reason) == (True, ("sim/slow",), "the runner was lost")
    assert await calls(installed.log, RUN) == {"fast": "ok"}
    await request(installed.log, run_id(2), FAST)
    await told(installed.log, run_id(2), "RunCompleted")
    assert len(installed.server.asked) == 3


async def test_a_paused_runner_taken_for_dead_changes_nothing(installed: Installation) -> None:
    await installed.start()
    await request(installed.log, RUN)
    await told(installed.log, RUN, "CallCompleted")
    paused = await installed.holder(RUN)
    paused.send(signal.SIGSTOP)
    await installed.start()
    await told(installed.log, RUN, "RunInterrupted")
    installed.go.set()
    paused.send(signal.SIGCONT)
    await until(lambda: bool(paused.said("run_ended")))
    assert await story(installed.log, RUN) == [
        *("RunRequested", "RunStarted", "CallCompleted", "RunInterrupted")
    ]


async def test_a_run_delivered_again_while_it_is_run_is_run_once(installed: Installation) -> None:
    """A consumer made anew delivers everything again, what is under way included."""
    for _ in range(2):
        await installed.start()
    await request(installed.log, RUN, SLOW)
    await installed.holder(RUN)
    await call(installed.bus, "CONSUMER.DELETE.EVT.runner")
    await request(installed.log, run_id(2), SLOW)
    await installed.holder(run_id(2))
    installed.go.set()
    for each in (RUN, run_id(2)):
        await told(installed.log, each, "RunCompleted")
        assert await story(installed.log, each) == ONE
    assert len(installed.server.asked) == 2


async def test_a_cancelled_run_ends_at_once(installed: Installation) -> None:
    await installed.start()
    await request(installed.log, RUN)
    await told(installed.log, RUN, "CallCompleted")
    await want_end(installed.log, RUN)
    await told(installed.log, RUN, "RunCancelled", within_s=5)
    assert await calls(installed.log, RUN) == {"fast": "ok", "slow": "cancelled"}


async def test_a_stopped_runner_lets_runs_end_by_themselves(
    database: Database, nats_url: str, tmp_path: Path
) -> None:
    async with installation(database.dsn, nats_url, tmp_path, drain_seconds=20) as installed:
        stopped = await installed.start()
        await request(installed.log, RUN, SLOW)
        await installed.holder(RUN)
        async with asyncio.TaskGroup() as tasks:
            stopping = tasks.create_task(stopped.stop())
            await until(lambda: bool(stopped.said("draining")))
            await request(installed.log, run_id(2), FAST)
            installed.go.set()
        assert stopping.result() == 0
        assert (await story(installed.log, RUN))[-1] == "RunCompleted"
        assert await story(installed.log, run_id(2)) == ["RunRequested"]


async def test_a_stopped_runner_says_what_is_owed_when_time_is_up(installed: Installation) -> None:
    stopped = await installed.start()
    await request(installed.log, RUN, SLOW)
    await installed.holder(RUN)
    assert await stopped.stop() == 0
    end = (await told(installed.log, RUN, "RunInterrupted")).event
    assert isinstance(end, RunInterrupted)
    assert (end.reason, end.owed, end.final) == ("shutdown", ("sim/slow",), True)


async def test_what_jetstream_never_delivered_is_found_by_the_sweep(
    database: Database, nats_url: str, tmp_path: Path
) -> None:
    async with installation(database.dsn, nats_url, tmp_path, relayed=False) as installed:
        await request(installed.log, RUN, FAST)
        swept = await installed.start()
        await told(installed.log, RUN, "RunCompleted")
        assert [line["run_id"] for line in swept.said("run_swept_up")] == [str(RUN)]


async def test_a_lost_run_that_is_not_delivered_again_is_found_by_the_sweep(
    database: Database, nats_url: str, tmp_path: Path
) -> None:
    async with installation(database.dsn, nats_url, tmp_path, relayed=False) as installed:
        await request(installed.log, RUN, SLOW)
        doomed = await installed.start()
        await until(lambda: bool(doomed.said("run_started")))
        await doomed.kill()
        swept = await installed.start()
        await told(installed.log, RUN, "RunInterrupted")
        assert [line["run_id"] for line in swept.said("run_swept_up")] == [str(RUN)]


async def test_an_instance_lives_from_its_first_moment_to_its_last(database: Database) -> None:
    async with await create_pool(database.dsn) as pool:
        assert not await lives(pool, "ada")
        async with present(pool, "ada", ttl_s=20, every_s=8):
            assert await lives(pool, "ada")
        assert not await lives(pool, "ada")


async def test_an_instance_whose_lease_ran_out_takes_it_again(database: Database) -> None:
    async with (
        await create_pool(database.dsn) as pool,
        present(pool, "ada", ttl_s=20, every_s=0.02),
    ):
        await pool.execute("update eventlog.leases set expires_at = '-infinity'")
        async with asyncio.timeout(5):
            while not await lives(pool, "ada"):
                await pool.fetchval("select 1")


async def test_open_runs_are_those_without_an_end(installed: Installation) -> None:
    await installed.start()
    for each in (RUN, run_id(2)):
        await request(installed.log, each, SLOW if each == RUN else FAST)
    await told(installed.log, run_id(2), "RunCompleted")
    await installed.holder(RUN)
    await seen_by_sweep(installed, [RUN])
    await want_end(installed.log, RUN)
    await told(installed.log, RUN, "RunCancelled")
    await seen_by_sweep(installed, [])


async def seen_by_sweep(installed: Installation, expected: list[UUID]) -> None:
    """Returns once these are the runs that runners hold."""
    pool = installed.log.pool
    async with asyncio.timeout(10):
        while True:
            holders = await open_runs.runners(pool)
            if [run for each in holders for run in await open_runs.held_by(pool, each)] == expected:
                return
            await asyncio.sleep(0.01)
