"""schedule-svc as processes, on a database and a NATS server of the test's own."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

from contracts.commands import REPLY, Accepted, Refused, ScheduleCommand
from contracts.subjects import command_subject
from eventlog.beside import beside
from eventlog.bus import Bus, BusUnavailable, connect
from eventlog.postgres import PostgresLog, open_log
from eventlog.projection import project
from replicas import Replica, Start, environment, started
from schedule_svc.commands import Desk
from schedule_svc.database_clock import DatabaseClock
from schedule_svc.definition import Rules
from schedule_svc.due import DueTable
from schedule_svc.horizon import Horizon
from schedule_svc.names import Names
from schedule_svc.projection import DueProjection
from scheduling import INVENTORY, Ask, eventually


class Database(Protocol):
    @property
    def dsn(self) -> str: ...


@pytest.fixture
async def log(database: Database) -> AsyncGenerator[PostgresLog]:
    async with open_log(database.dsn, name="tests") as opened:
        yield opened


@pytest.fixture
async def bus(nats_url: str) -> AsyncGenerator[Bus]:
    async with connect(nats_url, name="tests") as connection:
        yield connection


@pytest.fixture
async def start(database: Database, nats_url: str, tmp_path: Path) -> AsyncGenerator[Start]:
    """Starts replicas that allow intervals of a second and three schedules per user."""
    environ = environment(
        tmp_path,
        INVENTORY,
        POSTGRES__DSN=database.dsn,
        POSTGRES__ROLE="tickmark_schedule",
        NATS__URL=nats_url,
        LIMITS__MIN_INTERVAL_SECONDS=1,
        LIMITS__SCHEDULES_PER_USER=3,
    )
    replicas = list[Replica]()

    async def start() -> Replica:
        replica = await started("schedule_svc", environ, tmp_path / f"replica-{len(replicas)}.log")
        replicas.append(replica)
        await eventually(lambda: bool(replica.said("clock_started")))
        return replica

    yield start
    for replica in replicas:
        await replica.kill()


@pytest.fixture
async def desk(log: PostgresLog) -> AsyncGenerator[Desk]:
    """What commands are carried out with, in this process; the projection follows."""
    clock, horizon = DatabaseClock(log.pool), Horizon()
    await clock.measure()
    following = project(DueProjection(horizon), log.pool, log, None)
    async with beside(following, "projection") as task:
        yield Desk(
            log=log,
            names=Names(log.pool, limit=3),
            due=DueTable(log.pool),
            horizon=horizon,
            clock=clock,
            rules=Rules(INVENTORY, timedelta(seconds=1)),
        )
        task.cancel()


@pytest.fixture
def ask(bus: Bus) -> Ask:
    """Ask whichever replica there is, again under the same key until one answers."""

    async def ask(command: ScheduleCommand) -> Accepted | Refused:
        subject = command_subject("schedule", command.verb)
        async with asyncio.timeout(15):
            while True:
                try:
                    reply = await bus.ask(subject, command.model_dump_json().encode())
                except BusUnavailable:
                    await asyncio.sleep(0.05)
                else:
                    return REPLY.validate_json(reply)

    return ask
