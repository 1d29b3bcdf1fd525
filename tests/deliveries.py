"""For tests of delivery: logs that grow, readers with a deadline, a NATS server to maltreat."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from contracts.codec import decode
from contracts.events.schedule import ScheduleToggled
from eventlog.bus import Bus
from eventlog.execute import Cause, append_of
from eventlog.memory import MemoryLog
from eventlog.migrate import migrate
from eventlog.relay import relay
from eventlog.store import Append, Log, Row
from eventlog.tail import follow
from tickmark import embedded

NOW = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
OWNER = "0ada0ada-0ada-4ada-8ada-0ada0ada0ada"
_GOLDEN = Path(__file__).parent / "contract" / "golden"
_REQUEST = decode("RunRequested", 1, (_GOLDEN / "RunRequested.v1.json").read_bytes()).data


def toggled(number: int) -> Append:
    """The `number`-th append of the tests: one event, to a schedule of its own."""
    schedule = UUID(int=number)
    event = ScheduleToggled(
        schedule_id=schedule, enabled=True, next=None, epoch=NOW, tzdata="2026a"
    )
    return append_of(f"schedule-{schedule}", 0, [event], cause(f"test:{number}"))


def cause(key: str) -> Cause:
    return Cause(
        key=key,
        source="/test",
        actor=OWNER,
        owner=OWNER,
        time=NOW,
        correlation=UUID(int=7),
        causation=UUID(int=8),
        request=key.encode(),
    )


def requested(number: int) -> Append:
    """An event that the runners' consumer hears."""
    run = UUID(int=number)
    event = _REQUEST.model_copy(update={"run_id": run})
    return append_of(f"run-{run}", 0, [event], cause(f"run:{number}"))


async def grow(
    log: Log, count: int, start: int = 1, make: Callable[[int], Append] = toggled
) -> int:
    """Append `count` events, and say the last one's position."""
    answers = await log.append_all([make(n) for n in range(start, start + count)])
    assert all(answer.status == "ok" for answer in answers)
    last = answers[-1].last
    assert last is not None
    return last


async def migrated(dsn: str) -> None:
    """The log's tables on a server that may still be starting."""
    while True:
        try:
            await migrate(dsn, ["eventlog"])
        except asyncpg.CannotConnectNowError:
            await asyncio.sleep(0.05)
        else:
            return


async def grown(count: int) -> MemoryLog:
    log = MemoryLog()
    if count:
        await grow(log, count)
    return log


async def read_to(
    log: Log, bus: Bus | None, position: int, *, after: int = 0, within_s: float = 20.0
) -> list[Row]:
    """What a tail yields up to a position."""
    async with asyncio.timeout(within_s), aclosing(follow(log, bus, after)) as news:
        return await taken(news, position)


async def taken(news: AsyncGenerator[list[Row]], position: int) -> list[Row]:
    rows: list[Row] = []
    while not rows or rows[-1].position < position:
        rows += await anext(news)
    return rows


async def until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is waited for is no event of ours
            await asyncio.sleep(0.002)


async def eventually(true: Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    """The same, where asking takes a round trip."""
    async with asyncio.timeout(within_s):
        while not await true():  # noqa: ASYNC110 - what is waited for is no event of ours
            await asyncio.sleep(0.002)


@asynccontextmanager
async def running(*work: Coroutine[Any, Any, None]) -> AsyncGenerator[list[asyncio.Task[None]]]:
    """Tasks beside the test, cancelled at its end; theirs is the error where they fail."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()


class Progress:
    """How far a relay says it is."""

    def __init__(self) -> None:
        self.position = -1

    def __call__(self, position: int) -> None:
        self.position = max(position, self.position)

    async def reached(self, position: int, within_s: float = 20.0) -> None:
        await until(lambda: self.position >= position, within_s)


def relaying(log: Log, bus: Bus, progress: Progress) -> Coroutine[Any, Any, None]:
    """A relay that does not wait long after an error."""
    return relay(log, bus, on_progress=progress, pause=lambda: 0.02)


class NatsServer:
    """A server that can be stopped, killed, wiped, and started again where it was."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, embedded.free_port()
        self._server: embedded.Server | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = embedded.start_nats(
            self._folder / "store", self._folder / "nats.log", port=self._port
        )

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()

    def kill(self) -> None:
        assert self._server is not None
        self._server.process.send_signal(signal.SIGKILL)
        self._server.process.wait()

    def wipe(self) -> None:
        shutil.rmtree(self._folder / "store")


@contextmanager
def nats_server() -> Generator[NatsServer]:
    folder = Path(tempfile.mkdtemp(prefix="tickmark-nats-"))
    server = NatsServer(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def positions(rows: Sequence[Row]) -> list[int]:
    return [row.position for row in rows]
