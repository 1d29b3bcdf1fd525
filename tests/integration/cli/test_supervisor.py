"""Real child processes: small Python programs that say when they are ready."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tickmark import processes
from tickmark.installation import Listed
from tickmark.supervisor import NotStarted, Program, Supervisor

SERVING = "open({mark!r}, 'a').write('up\\n'); import time; time.sleep(600)"
ENDING = "import sys; print('no such key: kitten'); sys.exit(4)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "open({mark!r}, 'a').write('up\\n'); time.sleep(600)"
)
PARENT = """
import asyncio, pathlib, sys
from tickmark.supervisor import Program, Supervisor
async def main():
    child = Program("child", ("sleep", "600"), pathlib.Path(sys.argv[1]), ready)
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks, print)
        supervisor.changed = lambda listed: print(listed[0].pid, flush=True)
        await supervisor.start(child)
async def ready():
    return True
asyncio.run(main())
"""


@asynccontextmanager
async def supervising(told: list[str], seen: list[list[Listed]]) -> AsyncGenerator[Supervisor]:
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks, told.append)
        supervisor.changed = seen.append
        try:
            yield supervisor
        finally:
            await supervisor.stop()


def program(folder: Path, name: str, source: str, *, grace_s: float = 10) -> Program:
    mark = folder / f"{name}.mark"

    async def ready() -> bool:
        return mark.exists()

    command = (sys.executable, "-c", source.format(mark=str(mark)))
    return Program(name, command, folder / f"{name}.log", ready, grace_s=grace_s, start_s=10)


async def until(condition: Callable[[], bool], within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition is in other processes
            await asyncio.sleep(0.01)


async def test_a_killed_child_is_started_again_under_a_new_pid(tmp_path: Path) -> None:
    told, seen = list[str](), list[list[Listed]]()
    async with supervising(told, seen) as supervisor:
        await supervisor.start(program(tmp_path, "clock", SERVING))
        first = seen[-1][0].pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: seen[-1][0].restarts == 1 and seen[-1][0].state == "running")
        assert seen[-1][0].pid not in (None, first)
        assert told == ["clock was killed (SIGKILL); starting it again"]
    assert [each.state for each in seen[-1]] == ["stopped"]


async def test_a_restart_is_shown_while_it_lasts(tmp_path: Path) -> None:
    seen = list[list[Listed]]()
    async with supervising([], seen) as supervisor:
        await supervisor.start(program(tmp_path, "clock", SERVING))
        os.kill(seen[-1][0].pid or 0, signal.SIGKILL)
        await until(lambda: any(shown[0].state == "restarting" for shown in seen))


async def test_a_child_that_ends_at_its_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        async with supervising([], []) as supervisor:
            await supervisor.start(program(tmp_path, "gateway", ENDING))
    (refused,) = raised.value.exceptions
    assert isinstance(refused, NotStarted)
    assert str(refused).startswith("gateway ended with code 4 at its start\nno such key: kitten\n")


async def test_children_stop_in_the_reverse_of_their_order(tmp_path: Path) -> None:
    seen = list[list[Listed]]()
    async with supervising([], seen) as supervisor:
        for name in ("postgres", "schedule-svc", "gateway"):
            await supervisor.start(program(tmp_path, name, SERVING))
        seen.clear()
    ended = [[each.service for each in shown if each.state == "stopped"] for shown in seen]
    assert ended == [
        ["gateway"],
        ["schedule-svc", "gateway"],
        ["postgres", "schedule-svc", "gateway"],
    ]


async def test_a_child_that_does_not_want_to_end_is_ended(tmp_path: Path) -> None:
    seen = list[list[Listed]]()
    async with supervising([], seen) as supervisor:
        await supervisor.start(program(tmp_path, "stubborn", STUBBORN, grace_s=0.2))
        known = seen[-1][0]
    assert not known.alive()


async def test_a_hurry_does_not_wait_for_the_grace_time(tmp_path: Path) -> None:
    async with asyncio.timeout(20), supervising([], []) as supervisor:
        await supervisor.start(program(tmp_path, "stubborn", STUBBORN, grace_s=600))
        supervisor.hurry.set()


async def test_children_die_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tmp_path / "log")), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    async with asyncio.timeout(20):
        child = int(await parent.stdout.readline())
    known = processes.identity(child)
    assert known is not None
    parent.kill()
    await parent.wait()
    await until(lambda: processes.identity(child) is None)


async def test_a_leftover_is_ended_only_if_it_is_the_process_that_was_listed() -> None:
    child = await asyncio.create_subprocess_exec("sleep", "600")
    known = processes.identity(child.pid)
    assert known is not None
    assert not processes.end(child.pid, "another boot:1", signal.SIGKILL)
    assert processes.identity(child.pid) == known
    assert processes.end(child.pid, known, signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
