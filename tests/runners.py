"""Runner processes on a database and a NATS server of the test's own, and a provider to call."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from deliveries import running, until
from eventlog.bus import Bus, connect
from eventlog.postgres import PostgresLog, open_log
from eventlog.relay import relay
from onecall import fine
from rawserver import Conversation, RawServer, delta, serving
from replicas import Replica, environment, started
from runs import inventory, told

LOWERED = {
    "lease_seconds": 1.0,
    "beat_seconds": 0.3,
    "ack_wait_seconds": 2.0,
    "sweep_seconds": 1.0,
    "drain_seconds": 0.5,
}


@dataclass
class Installation:
    """All that runners need; the provider's slow model waits for `go`."""

    log: PostgresLog
    bus: Bus
    server: RawServer
    go: asyncio.Event
    folder: Path
    environ: dict[str, str]
    replicas: list[Replica] = field(default_factory=list[Replica])

    async def start(self) -> Replica:
        output = self.folder / f"runner-{len(self.replicas)}.log"
        replica = await started("runner_svc", self.environ, output)
        self.replicas.append(replica)
        await until(lambda: bool(replica.said("taking_runs")), within_s=45)
        return replica

    async def holder(self, run: UUID) -> Replica:
        """The replica that started the run."""
        await told(self.log, run, "RunStarted")
        await until(lambda: any(self._started(each, run) for each in self.replicas))
        return next(each for each in self.replicas if self._started(each, run))

    def _started(self, replica: Replica, run: UUID) -> bool:
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
        environ = _configured(
            folder, server.url, LOWERED | settings, POSTGRES__DSN=dsn, NATS__URL=nats_url
        )
        made = Installation(log, bus, server, go, folder, environ)
        try:
            yield made
        finally:
            for replica in made.replicas:
                await replica.kill()


def _configured(
    folder: Path, base_url: str, runner: dict[str, float], **settings: object
) -> dict[str, str]:
    told = {f"RUNNER__{name.upper()}": value for name, value in runner.items()}
    role = {"POSTGRES__ROLE": "tickmark_runner"}
    return environment(folder, inventory(base_url), **told, **role, **settings)
