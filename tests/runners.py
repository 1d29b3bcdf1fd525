"""Runner processes on a database and a NATS server of the test's own, and a provider to call."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from deliveries import running, until
from eventlog.bus import Bus, connect
from eventlog.postgres import PostgresLog, open_log
from eventlog.relay import relay
from onecall import fine
from rawserver import Conversation, RawServer, delta, serving
from runs import inventory, told

LOWERED = {
    "lease_seconds": 1.0,
    "beat_seconds": 0.3,
    "ack_wait_seconds": 2.0,
    "sweep_seconds": 1.0,
    "drain_seconds": 0.5,
}


@dataclass
class RunnerProcess:
    """One replica; what it logs goes to a file."""

    process: asyncio.subprocess.Process
    output: Path

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def kill_once(self, ready: Callable[["RunnerProcess"], bool]) -> None:
        await until(lambda: ready(self))
        await self.kill()

    async def stop(self) -> int:
        """Ask it to end, and tell how it did."""
        self.send(signal.SIGTERM)
        return await self.process.wait()

    def said(self, event: str) -> list[dict[str, Any]]:
        lines = [line for line in self.output.read_text().splitlines() if line.startswith("{")]
        return [line for line in map(json.loads, lines) if line.get("event") == event]


@dataclass
class Installation:
    """All that runners need; the provider's slow model waits for `go`."""

    log: PostgresLog
    bus: Bus
    server: RawServer
    go: asyncio.Event
    folder: Path
    environ: dict[str, str]
    replicas: list[RunnerProcess] = field(default_factory=list[RunnerProcess])

    async def start(self) -> RunnerProcess:
        output = self.folder / f"runner-{len(self.replicas)}.log"
        with output.open("w") as sink:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "runner_svc"), env=self.environ, stdout=sink, stderr=sink
            )
        replica = RunnerProcess(process, output)
        self.replicas.append(replica)
        await until(lambda: bool(replica.said("taking_runs")), within_s=45)
        return replica

    async def holder(self, run: UUID) -> RunnerProcess:
        """The replica that started the run."""
        await told(self.log, run, "RunStarted")
        await until(lambda: any(self._started(each, run) for each in self.replicas))
        return next(each for each in self.replicas if self._started(each, run))

    def _started(self, replica: RunnerProcess, run: UUID) -> bool:
        return any(line["run_id"] == str(run) for line in replica.said("run_started"))


@asynccontextmanager
async def installation(
    dsn: str, nats_url: str, folder: Path, *, relayed: bool = True, **settings: float
) -> AsyncGenerator[Installation]:
    """Without a runner yet; those started are killed at the end."""
    go = asyncio.Event()

    async def answer(talk: Conversation) -> None:
        if json.loads(talk.body)["model"] == "fast":
            return await fine(talk)
        await talk.stream(delta("a"))
        await go.wait()
        return await talk.say(f"data: {delta('b', 'stop')}\n\ndata: [DONE]\n\n".encode())

    async with (
        serving(answer) as server,
        connect(nats_url, name="tests") as bus,
        open_log(dsn, name="tests", on_commit=bus.poke) as log,
        running(*([relay(log, bus)] if relayed else [])),
    ):
        environ = _configured(folder, server.url, LOWERED | settings)
        environ |= {"TICKMARK_POSTGRES__DSN": dsn, "TICKMARK_NATS__URL": nats_url}
        made = Installation(log, bus, server, go, folder, environ)
        try:
            yield made
        finally:
            for replica in made.replicas:
                await replica.kill()


def _configured(folder: Path, base_url: str, runner: dict[str, float]) -> dict[str, str]:
    config = folder / "config.yaml"
    offers = inventory(base_url).model_dump(mode="json", exclude_none=True)
    config.write_text(yaml.safe_dump({**offers, "runner": runner}))
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("TICKMARK_")}
    return inherited | {
        "TICKMARK_CONFIG": str(config),
        "TICKMARK_POSTGRES__ROLE": "tickmark_runner",
    }
