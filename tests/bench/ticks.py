"""The clock: how late ticks are recorded, beside a bare durable timer; and `next` beside cronsim.

Schedules of one second fire for some seconds, spread over it; then many fire at one instant. The
bare timer has no events, no versions, no projection: it sleeps to the same instants by the same
clock, and commits one small row for each.
"""

import asyncio
import io
import statistics
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from cronsim import CronSim
from tests import servers
from tests.bench.table import Measured, percentile

from contracts.actions import Benchmark
from contracts.events.schedule import Definition, ScheduleCreated, ScheduleTriggered
from contracts.specs import At, Cron, Every, Spec
from eventlog.beside import beside
from eventlog.execute import Cause, append_of
from eventlog.migrate import migrate
from eventlog.postgres import PostgresLog, open_log
from eventlog.projection import project
from eventlog.store import NEW, Row
from schedule_svc.database_clock import DatabaseClock
from schedule_svc.due import DueTable, poll
from schedule_svc.horizon import Horizon
from schedule_svc.occurrences import next_instant
from schedule_svc.occurrences.zones import TZDATA
from schedule_svc.projection import DueProjection
from schedule_svc.ticker import tick

STEADY, SECONDS, BURST, AT_ONCE = 300, 6, 10_000, 512
SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)
CRON, ZONE, INSTANTS, ROUNDS = "30 2 * * MON-FRI", "Europe/Berlin", 500, 5


async def measure() -> list[Measured]:
    with servers.postgres(fsync=True) as dsn:
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(io.StringIO()))
        await _answering(dsn)
        await migrate(dsn, ["eventlog", "schedule_svc"])
        async with open_log(dsn, name="bench") as log:
            clock = DatabaseClock(log.pool)
            await clock.measure()
            await log.pool.execute("create table bare (due timestamptz, number bigint)")
            return [await _steady(log, clock), await _burst(log, clock), _next()]


async def _steady(log: PostgresLog, clock: DatabaseClock) -> Measured:
    start = clock.now() + 3 * SECOND
    spread = [start + n * SECOND / STEADY for n in range(STEADY)]
    instants = [first + n * SECOND for n in range(SECONDS) for first in spread]
    async with _clock(log, clock):
        every = Every(every=SECOND)
        position = await _schedules(log, [(every, first) for first in spread])
        rows = await _ticks(log, position, len(instants))
    ours = [_late(row) for row in rows]
    bare = await _bare(log, clock, [each + (clock.now() - start) + SECOND for each in instants])
    p50, ceiling = percentile(ours, 50), percentile(bare, 50)
    return Measured(
        f"ticks, {STEADY}/s: recorded late by, ms",
        "p50 <= 4, p99 <= 15 ms, 0 early",
        p50,
        "bare durable timer",
        ceiling,
        p50 / ceiling,
        f"p99 {percentile(ours, 99):.1f} ms, bare {percentile(bare, 99):.1f} ms; "
        f"{sum(each < 0 for each in ours)} early",
    )


async def _burst(log: PostgresLog, clock: DatabaseClock) -> Measured:
    await log.pool.execute("truncate schedule.due")  # those of the steady part rest
    start = clock.now() + 20 * SECOND
    async with _clock(log, clock):
        position = await _schedules(log, [(At(at=start), start)] * BURST)
        rows = await _ticks(log, position, BURST)
    ours = max(_late(row) for row in rows) / 1000
    bare = max(await _bare(log, clock, [clock.now() + SECOND] * BURST)) / 1000
    return Measured(
        f"{BURST:,} due at one instant: the last after, s",
        "<= 0.5 s",
        ours,
        "bare durable timer",
        bare,
        ours / bare,
        f"p50 {percentile([_late(row) for row in rows], 50) / 1000:.2f} s",
    )


@asynccontextmanager
async def _clock(log: PostgresLog, clock: DatabaseClock) -> AsyncGenerator[None]:
    """The service's loops, without commands."""
    horizon, table = Horizon(), DueTable(log.pool)
    projecting = project(DueProjection(horizon), log.pool, log, None)
    async with (
        beside(tick(horizon, log, clock), "ticker") as ticking,
        beside(projecting, "projection") as projection,
        beside(poll(table, horizon, clock, 0.5), "poll") as polling,
        beside(clock.keep(), "clock") as keeping,
    ):
        yield
        for each in (ticking, projection, polling, keeping):
            each.cancel()


async def _schedules(log: PostgresLog, timings: Sequence[tuple[Spec, datetime]]) -> int:
    """Create one schedule for each spec and first instant; the log's position afterwards."""
    before = (await log.head()).position
    await log.append_all(
        [
            append_of(f"schedule-{event.schedule_id}", NEW, [event], _cause(event))
            for event in (_created(before + n, *each) for n, each in enumerate(timings))
        ]
    )
    return (await log.head()).position


def _created(number: int, spec: Spec, first: datetime) -> ScheduleCreated:
    action = Benchmark(prompt="How late is it?", models=("sim:fast",))
    return ScheduleCreated(
        schedule_id=UUID(int=number),
        definition=Definition(name=f"bench {number}", action=action, spec=spec),
        enabled=True,
        next=first,
        epoch=first - SECOND,
        tzdata=TZDATA,
    )


def _cause(event: ScheduleCreated) -> Cause:
    return Cause(
        key=f"bench:{event.schedule_id}",
        source="/bench",
        actor="bench",
        time=event.epoch,
        correlation=event.schedule_id,
        owner="bench",
    )


async def _ticks(log: PostgresLog, position: int, count: int) -> list[Row]:
    """The first `count` ticks after a position, once they are there."""
    async with asyncio.timeout(120):
        while (await log.head()).position < position + count:
            await log.pool.execute("select pg_sleep(0.2)")
    rows = list[Row]()
    while len(rows) < count:
        page = await log.page(rows[-1].position if rows else position)
        rows += [row for row in page if row.type == "ScheduleTriggered"]
    return rows[:count]


def _late(row: Row) -> float:
    event = row.event
    assert isinstance(event, ScheduleTriggered)
    return (row.recorded_at - event.due) / MILLISECOND


async def _bare(log: PostgresLog, clock: DatabaseClock, instants: list[datetime]) -> list[float]:
    """Sleep to each instant, commit those due; how late each was, in ms."""
    late, waiting = list[float](), sorted(instants, reverse=True)
    async with log.pool.acquire() as connection:
        insert = await connection.prepare(
            "insert into bare select t.due, t.n from unnest($1::timestamptz[]) with ordinality"
            " as t(due, n) returning clock_timestamp() - due"
        )
        while waiting:
            await asyncio.sleep(max(0, (waiting[-1] - clock.now()).total_seconds()))
            now, due = clock.now(), list[datetime]()
            while waiting and waiting[-1] <= now and len(due) < AT_ONCE:
                due.append(waiting.pop())
            shown = [row[0] for row in await insert.fetch(due)] if due else []
            late += [each / MILLISECOND for each in shown]
    return late


def _next() -> Measured:
    spec, after = Cron(cron=CRON, timezone=ZONE), datetime(2026, 1, 1, tzinfo=UTC)
    ours, peer = list[float](), list[float]()

    def walk() -> None:
        at: datetime | None = after
        for _ in range(INSTANTS):
            assert at is not None
            at = next_instant(spec, at, at)

    def theirs() -> None:
        walking = CronSim(CRON, after.astimezone(ZoneInfo(ZONE)))
        for _ in range(INSTANTS):
            next(walking)

    for _ in range(ROUNDS):
        ours.append(_each(walk))
        peer.append(_each(theirs))
    mine, other = statistics.median(ours), statistics.median(peer)
    note = f"{CRON} in {ZONE}"
    return Measured(
        "next instant, us", "median <= 20 us", mine, "cronsim", other, mine / other, note
    )


def _each(walk: Callable[[], None]) -> float:
    began = time.perf_counter()
    walk()
    return (time.perf_counter() - began) / INSTANTS * 1e6


async def _answering(dsn: str) -> None:
    while True:
        try:
            return await (await asyncpg.connect(dsn)).close()
        except asyncpg.CannotConnectNowError:
            await asyncio.sleep(0.05)
