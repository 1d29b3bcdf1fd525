"""Keeps child processes running: one that ends is started again, until all are told to stop.

They stop in the reverse of the order they were given in, each with time to finish. Each is in a
session of its own, so that Ctrl-C in the terminal reaches only us, and dies when we are killed.
"""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import IO, Final

from chassis import clock
from tickmark import processes
from tickmark.exits import Refusal
from tickmark.installation import Listed

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 10.0
SETTLED_S: Final = 30.0
"""After so long alive, an end is a new trouble and not the old one again."""
LOG_BYTES: Final = 16 * 1024 * 1024


class NotStarted(Refusal):
    """A process ended at its start, or did not become ready."""


@dataclass(frozen=True)
class Program:
    """What to run, and how to know that it serves. `stop` asks it to end within `grace_s`,
    after which `end` does not ask; `orphaned` is what it gets when we are killed."""

    name: str
    command: Sequence[str]
    log: Path
    ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    stop: signal.Signals = signal.SIGTERM
    end: signal.Signals = signal.SIGKILL
    orphaned: signal.Signals = signal.SIGKILL
    grace_s: float = 25.0
    start_s: float = 60.0


class Child:
    """One program and the process it is at present."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: Process | None = None
        self.state, self.restarts, self.since = "starting", 0, clock.now()
        self._identity: str | None = None
        self._pause = FIRST_PAUSE_S

    async def spawn(self) -> None:
        with _log(self.program.log) as sink:
            self.process = await asyncio.create_subprocess_exec(
                *self.program.command,
                stdin=DEVNULL,
                stdout=sink,
                stderr=sink,
                env=dict(self.program.environment),
                start_new_session=True,
                preexec_fn=processes.dies_with_parent(self.program.orphaned),
            )
        self._identity, self.since = processes.identity(self.process.pid), clock.now()

    async def ready(self, within_s: float) -> None:
        """Until it serves. Raises NotStarted with the end of its log when it does not."""
        deadline = asyncio.get_running_loop().time() + within_s
        while not await self.program.ready():
            if self.process and self.process.returncode is not None:
                early = f"{self.program.name} {_how(self.process.returncode)} at its start"
                raise NotStarted(f"{early}\n{self._last_words()}")
            if asyncio.get_running_loop().time() > deadline:
                late = f"{self.program.name} was not ready after {within_s:.0f} s"
                raise NotStarted(f"{late}\n{self._last_words()}")
            await asyncio.sleep(0.02)
        self.state = "running"

    async def ended(self) -> int:
        assert self.process is not None
        return await self.process.wait()

    def pause(self) -> float:
        """How long to wait before the next start: longer each time it does not last."""
        if (clock.now() - self.since).total_seconds() > SETTLED_S:
            self._pause = FIRST_PAUSE_S
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE_S)
        return pause

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask it to end; when its grace time is over, or in a hurry, end it."""
        if self.process is not None and self.process.returncode is None:
            self._signal(self.program.stop)
            await _first(self.process.wait(), hurry.wait(), self.program.grace_s)
            self._signal(self.program.end)
            await self.process.wait()
        self.state = "stopped"

    def listed(self) -> Listed:
        pid = self.process.pid if self.process and self.process.returncode is None else None
        name, identity = self.program.name, self._identity
        return Listed(name, pid, identity, self.state, self.restarts, self.since)

    def _signal(self, which: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if self.process is not None:
                self.process.send_signal(which)

    def _last_words(self) -> str:
        lines = self.program.log.read_text(errors="replace").splitlines()[-12:]
        return "\n".join([*lines, f"(the whole log: {self.program.log})"])


class Supervisor:
    """Children in the order of their start; `tell` hears of restarts, `changed` of every change."""

    def __init__(self, tasks: asyncio.TaskGroup, tell: Callable[[str], None]) -> None:
        self._tasks, self._tell = tasks, tell
        self.changed: Callable[[list[Listed]], None] = lambda _: None
        self._children: list[Child] = []
        self._keepers: list[asyncio.Task[None]] = []
        self.hurry = asyncio.Event()

    async def start(self, *programs: Program) -> None:
        """Start them side by side, wait until all serve, and keep them from then on.

        Raises NotStarted; what was started is then ended by `stop`.
        """
        children = [Child(program) for program in programs]
        for child in children:
            self._children.append(child)
            await child.spawn()
            self._report()
        for child in children:
            await child.ready(child.program.start_s)
            self._keepers.append(
                self._tasks.create_task(self._keep(child), name=child.program.name)
            )
            self._report()

    async def stop(self) -> None:
        """End all, the last started first. Nothing is restarted from here on."""
        for keeper in self._keepers:
            keeper.cancel()
        for child in reversed(self._children):
            await child.stop(self.hurry)
            self._report()

    async def _keep(self, child: Child) -> None:
        while True:
            code = await child.ended()
            pause = child.pause()
            child.state = "restarting"
            self._report()
            self._tell(f"{child.program.name} {_how(code)}; starting it again")
            await asyncio.sleep(pause)
            await self._again(child)

    async def _again(self, child: Child) -> None:
        child.restarts += 1
        await child.spawn()
        self._report()
        with suppress(NotStarted):
            await child.ready(within_s=inf)
        self._report()

    def _report(self) -> None:
        self.changed([child.listed() for child in self._children])


def _how(code: int) -> str:
    return f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"


def _log(path: Path) -> IO[bytes]:
    """Appends to the log; past its size the old one is kept beside it as `.1`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


async def _first(one: Awaitable[object], other: Awaitable[object], within_s: float) -> None:
    """Until one of the two has happened, or the time is over."""
    async with asyncio.TaskGroup() as tasks:
        waiting = {tasks.create_task(_awaited(each)) for each in (one, other)}
        await asyncio.wait(waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()


async def _awaited(what: Awaitable[object]) -> None:
    await what
