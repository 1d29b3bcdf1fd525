"""The dispatcher as a process, on a database and a NATS server of the test's own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import pytest
import yaml

from admissions import INVENTORY
from eventlog.bus import Bus, connect
from eventlog.postgres import PostgresLog, open_log


class Database(Protocol):
    @property
    def dsn(self) -> str: ...


@dataclass
class Process:
    """One replica; what it logs goes to a file."""

    running: asyncio.subprocess.Process
    output: Path

    def send(self, number: signal.Signals) -> None:
        self.running.send_signal(number)

    async def kill(self) -> None:
        if self.running.returncode is None:
            self.running.kill()
        await self.running.wait()

    async def stop(self) -> int:
        """Ask it to end, and tell how it did."""
        self.send(signal.SIGTERM)
        return await self.running.wait()

    def said(self, event: str) -> list[dict[str, object]]:
        lines = [line for line in self.output.read_text().splitlines() if line.startswith("{")]
        return [line for line in map(json.loads, lines) if line.get("event") == event]


Start: TypeAlias = Callable[[], Awaitable[Process]]


@pytest.fixture
async def log(database: Database) -> AsyncGenerator[PostgresLog]:
    async with open_log(database.dsn, name="tests") as opened:
        yield opened


@pytest.fixture
async def connection(nats_url: str) -> AsyncGenerator[Bus]:
    async with connect(nats_url, name="tests") as bus:
        yield bus


@pytest.fixture
async def start(database: Database, nats_url: str, tmp_path: Path) -> AsyncGenerator[Start]:
    """Starts replicas with short leases, two runs at once, and one at once for each user."""
    config = tmp_path / "config.yaml"
    offers = {n: v for n, v in INVENTORY.model_dump(mode="json").items() if v}
    config.write_text(yaml.safe_dump(offers))
    settings = {
        "CONFIG": str(config),
        "POSTGRES__DSN": database.dsn,
        "POSTGRES__ROLE": "tickmark_dispatcher",
        "NATS__URL": nats_url,
        "LIMITS__INSTANCE": "2",
        "LIMITS__PER_USER": "1",
        "DISPATCHER__LEASE_TTL_SECONDS": "1",
        "DISPATCHER__KEEP_EVERY_SECONDS": "0.3",
        "DISPATCHER__TRY_EVERY_SECONDS": "0.05",
    }
    environ = {**os.environ, **{f"TICKMARK_{name}": value for name, value in settings.items()}}
    started: list[Process] = []

    async def begin() -> Process:
        output = tmp_path / f"dispatcher-{len(started)}.log"
        started.append(await _started(environ, output))
        return started[-1]

    try:
        yield begin
    finally:
        for process in started:
            await process.kill()


async def _started(environ: dict[str, str], output: Path) -> Process:
    with output.open("wb") as sink:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dispatcher_svc"), env=environ, stdout=sink, stderr=sink
        )
    return Process(running, output)
