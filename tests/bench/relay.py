"""The relay from a full log to JetStream, beside bare ways to publish the same messages.

`each expected` is what the relay does, without a log to read or headers to make. `atomic` is what
it does not do: the same run as one atomic batch.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from tests import deliveries, servers
from tests.bench.table import Measured

from contracts.subjects import STREAM
from eventlog.batches import EXPECTED
from eventlog.bus import Bus, connect
from eventlog.jetstream import call, checked, ensure_stream
from eventlog.postgres import PostgresLog, open_log
from eventlog.relay import RUN, relay
from eventlog.store import Row
from eventlog.wire import headers, subject

EVENTS, ROUNDS, SIZES, TIMES = 20_000, 3, (1, 20, 100, 1000), 15

Message: TypeAlias = tuple[str, bytes, dict[str, str]]
Publish: TypeAlias = Callable[[Bus, Sequence[Message]], Awaitable[None]]
_batches = itertools.count(1)


async def measure() -> list[Measured]:
    with servers.postgres(fsync=True) as dsn, servers.nats() as nats:
        await deliveries.migrated(dsn)
        async with connect(nats, name="bench") as bus, open_log(dsn) as log:
            await deliveries.grow(log, EVENTS)
            messages = _messages(await log.page(0, EVENTS), str((await log.head()).log_id))
            return [await _whole(log, bus, messages), *await _runs(bus, messages)]


async def _whole(log: PostgresLog, bus: Bus, messages: Sequence[Message]) -> Measured:
    ours: list[float] = []
    bare: list[float] = []
    atomic: list[float] = []
    for _ in range(ROUNDS):
        ours.append(await _relayed(log, bus))
        bare.append(await _published(bus, messages, each_expected))
        atomic.append(await _published(bus, messages, atomically))
    speed, ceiling = statistics.median(ours), statistics.median(bare)
    return Measured(
        "relay, Postgres to JetStream",
        ">= 40,000 events/s",
        speed,
        "bare, each expected",
        ceiling,
        speed / ceiling,
        f"{EVENTS:,} events of {len(messages[0][1])} B; bare, atomic: "
        f"{statistics.median(atomic):,.0f}",
    )


async def _runs(bus: Bus, messages: Sequence[Message]) -> list[Measured]:
    """Milliseconds per run, each message with its expectation, beside atomic batches."""
    return [await _run(bus, messages, size) for size in SIZES]


async def _run(bus: Bus, messages: Sequence[Message], size: int) -> Measured:
    each = await _per_run(bus, messages, size, each_expected)
    atomic = await _per_run(bus, messages, size, atomically)
    return Measured(
        f"run of {size}, ms", "below an atomic batch", each, "atomic", atomic, each / atomic
    )


async def _per_run(bus: Bus, messages: Sequence[Message], size: int, publish: Publish) -> float:
    await _emptied(bus, "bench")
    taken: list[float] = []
    for start in range(0, size * TIMES, size):
        began = time.perf_counter()
        await publish(bus, messages[start : start + size])
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def _relayed(log: PostgresLog, bus: Bus) -> float:
    await _emptied(bus)
    done = asyncio.Event()

    def told(position: int) -> None:
        if position == EVENTS:
            done.set()

    began = time.perf_counter()
    async with deliveries.running(relay(log, bus, on_progress=told)):
        await done.wait()
        return EVENTS / (time.perf_counter() - began)


async def _published(bus: Bus, messages: Sequence[Message], publish: Publish) -> float:
    await _emptied(bus, "bench")
    began = time.perf_counter()
    for start in range(0, EVENTS, RUN):
        await publish(bus, messages[start : start + RUN])
    return EVENTS / (time.perf_counter() - began)


async def each_expected(bus: Bus, messages: Sequence[Message]) -> None:
    publish = bus.client.publish
    *members, (last, body, told) = messages
    for where, what, tells in members:
        await publish(where, what, headers=tells)
    checked((await bus.client.request(last, body, 5.0, headers=told)).data)


async def atomically(bus: Bus, messages: Sequence[Message]) -> None:
    publish, batch = bus.client.publish, f"batch{next(_batches)}"
    first = messages[0][2][EXPECTED]
    for number, (where, what, tells) in enumerate(messages, 1):
        told = {name: value for name, value in tells.items() if name != EXPECTED}
        told |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
        if number == 1:
            told[EXPECTED] = first
        if number == len(messages):
            told["Nats-Batch-Commit"] = "1"
            checked((await bus.client.request(where, what, 5.0, headers=told)).data)
        else:
            await publish(where, what, headers=told)


async def _emptied(bus: Bus, log_id: str = "") -> None:
    """No EVT, or a new one for a log."""
    names: list[str] = (await call(bus, "STREAM.NAMES"))["streams"] or []
    if STREAM in names:
        await call(bus, f"STREAM.DELETE.{STREAM}")
    if log_id:
        await ensure_stream(bus, log_id, first=1)


def _messages(rows: Sequence[Row], log_id: str) -> list[Message]:
    return [
        (subject(row), row.body, {**headers(row, log_id), EXPECTED: str(row.position - 1)})
        for row in rows
    ]
