"""Appends to the log: 256 callers at once and one alone, beside the bare statements.

The appends are made before the clock starts: what is measured is the log, not the encoding.
"""

import asyncio
import gc
import hashlib
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
from tests import servers
from tests.bench.table import Measured, percentile

from contracts.ids import event_id
from eventlog.batch import Batch, Ticket
from eventlog.link import Link
from eventlog.migrate import migrate
from eventlog.postgres import PostgresLog, open_log, settings_of
from eventlog.store import Append, Encoded

CALLERS, ROUNDS, EACH, LONE = 256, 5, 60, 500
BODY = b'{"specversion":"1.0","data":"' + b"x" * 370 + b'"}'
_numbers = itertools.count()


async def measure() -> list[Measured]:
    with servers.postgres(fsync=True) as dsn:
        await _answering(dsn)
        await migrate(dsn, ["eventlog"])
        async with open_log(dsn) as log:
            return [await _crowd(log, dsn), await _lone(log, dsn)]


async def _crowd(log: PostgresLog, dsn: str) -> Measured:
    link = Link(dsn, settings_of("bench", None), None)
    ours: list[float] = []
    bare: list[float] = []
    waits: list[float] = []
    await _callers(log, [])  # warm
    await _batches(link)
    for _ in range(ROUNDS):
        ours.append(await _callers(log, waits))
        bare.append(await _batches(link))
    link.hang_up()
    speed, ceiling = statistics.median(ours), statistics.median(bare)
    p50, p99 = percentile(waits, 50), percentile(waits, 99)
    return Measured(
        "append, 256 callers",
        ">= 30,000 events/s, >= 0.75x, p99 <= 15 ms",
        speed,
        "bare calls of 256",
        ceiling,
        speed / ceiling,
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
    )


async def _callers(log: PostgresLog, waits: list[float]) -> float:
    """Events per second of callers who each append one after another, to a stream of their own."""
    work = [_appends(EACH) for _ in range(CALLERS)]
    gc.freeze()  # no service holds its next 15,000 appends
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for appends in work:
            tasks.create_task(_caller(log, appends, waits))
    return CALLERS * EACH / (time.perf_counter() - began)


async def _caller(log: PostgresLog, appends: list[Append], waits: list[float]) -> None:
    for append in appends:
        began = time.perf_counter()
        assert (await log.append(append)).status == "ok"
        waits.append((time.perf_counter() - began) * 1000)


async def _batches(link: Link) -> float:
    """Events per second of the same statement, called with full batches one after another."""
    batches = [_batch() for _ in range(EACH)]
    gc.freeze()
    began = time.perf_counter()
    for batch in batches:
        await link.send(batch)
    return CALLERS * EACH / (time.perf_counter() - began)


async def _lone(log: PostgresLog, dsn: str) -> Measured:
    connection = await asyncpg.connect(dsn)
    await connection.execute("create table bare (position bigint primary key, body bytea)")
    insert = await connection.prepare("insert into bare values ($1, $2)")
    ours: list[float] = []
    bare: list[float] = []
    for number, append in enumerate(_appends(LONE)):
        ours.append(await _timed(lambda a=append: log.append(a)))
        bare.append(await _timed(lambda n=number: insert.fetch(n, BODY)))
    await connection.close()
    p50, ceiling = percentile(ours, 50), percentile(bare, 50)
    return Measured(
        "append, alone",
        "p50 <= 1 ms",
        p50,
        "bare single-row commit, ms",
        ceiling,
        p50 / ceiling,
        f"p99 {percentile(ours, 99):.2f} ms, bare {percentile(bare, 99):.2f} ms",
    )


async def _timed(call: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await call()
    return (time.perf_counter() - began) * 1000


def _batch() -> Batch:
    batch = Batch()
    for _ in range(CALLERS):
        ticket = Ticket(1, asyncio.get_running_loop().create_future())
        batch.add(_appends(1)[0], ticket, 0)
    return batch


def _appends(count: int) -> list[Append]:
    """A stream of its own, grown one event at a time."""
    number = next(_numbers)
    return [_append(f"bench:{number}:{n}", f"run-{UUID(int=number)}", n) for n in range(count)]


def _append(key: str, stream: str, expected: int) -> Append:
    identity = event_id(key, 0)
    event = Encoded(identity, "CallCompleted", 1, "someone", identity, identity, BODY)
    return Append(key, hashlib.sha256(key.encode()).digest(), stream, expected, (event,))


async def _answering(dsn: str) -> None:
    while True:
        try:
            return await (await asyncpg.connect(dsn)).close()
        except asyncpg.CannotConnectNowError:
            await asyncio.sleep(0.05)
