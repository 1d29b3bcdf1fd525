"""Runs as the dispatcher asks for them, and what the log says of them afterwards."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

from contracts.actions import Resolved, Target
from contracts.events import Event
from contracts.events.run import CallCompleted, Origin, RunCancelRequested, RunRequested
from contracts.ids import run_stream
from contracts.inventory import AgentOffer, Inventory, Model, Provider
from eventlog.execute import Cause, append_of
from eventlog.memory import MemoryLog
from eventlog.store import ANY, NEW, Answer, Append, Log, Row
from onecall import fine
from rawserver import Conversation, RawServer, delta, serving
from runner_svc.call import Offers
from runner_svc.runner import Runner

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWNER = "0ada0ada-0ada-4ada-8ada-0ada0ada0ada"
FAST, SLOW = Target(provider="sim", model="fast"), Target(provider="sim", model="slow")


def run_id(number: int) -> UUID:
    return uuid5(UUID(int=number), "run")


def inventory(base_url: str) -> Inventory:
    """One provider with a fast and a slow model, and one agent, all at `base_url`."""
    models = (Model(id="fast"), Model(id="slow"))
    return Inventory(
        providers={"sim": Provider(base_url=base_url, models=models)},
        agents={"ada": AgentOffer(base_url=base_url)},
    )


def action(*targets: Target) -> Resolved:
    return Resolved(
        kind="benchmark",
        text="Explain recursion",
        targets=targets or (FAST, SLOW),
        max_tokens=64,
        temperature=0.5,
        timeout_seconds=30,
    )


async def request(log: Log, run: UUID, *targets: Target) -> None:
    """As the dispatcher does it."""
    origin = Origin(
        schedule_id=UUID(int=1),
        schedule_name="Every morning",
        schedule_version=3,
        triggered_by="schedule",
        nominal=NOON,
    )
    await tell(log, run, RunRequested(run_id=run, origin=origin, action=action(*targets)), NEW)


async def want_end(log: Log, run: UUID) -> None:
    await tell(log, run, RunCancelRequested(run_id=run, reason="by its owner"))


async def tell(log: Log, run: UUID, event: Event, expected: int = ANY) -> None:
    """Append what others say of a run."""
    cause = Cause(
        key=f"test:{run}:{event.type}",
        source="/test",
        actor="test",
        owner=OWNER,
        time=NOON,
        correlation=run,
    )
    assert (await log.append(append_of(run_stream(run), expected, [event], cause))).stored


async def story(log: Log, run: UUID) -> list[str]:
    """The run's events by type."""
    return [row.type for row in await log.stream(run_stream(run))]


async def calls(log: Log, run: UUID) -> dict[str, str]:
    """Model and status of each call."""
    events = [row.event for row in await log.stream(run_stream(run))]
    made = [event.call for event in events if isinstance(event, CallCompleted)]
    return {call.target.model: call.status for call in made}


async def told(log: Log, run: UUID, type_: str, within_s: float = 20.0) -> Row:
    """The run's event of this type, as soon as it is there."""
    return await sought(log, run, lambda row: row.type == type_, within_s)


async def sought(log: Log, run: UUID, is_it: Callable[[Row], bool], within_s: float = 20.0) -> Row:
    async with asyncio.timeout(within_s):
        while True:
            for row in await log.stream(run_stream(run)):
                if is_it(row):
                    return row
            await asyncio.sleep(0.005)


class OutageLog(MemoryLog):
    """Counts what it refused while it was down."""

    refused = 0

    async def append(self, append: Append) -> Answer:
        self.refused += self.down
        return await super().append(append)


@dataclass
class World:
    """A log, a provider whose slow model waits for `go`, and who is alive."""

    log: "OutageLog"
    server: RawServer
    go: asyncio.Event
    living: set[str]

    def runner(self, name: str = "bob") -> Runner:
        self.living.add(name)

        async def alive(instance: str) -> bool:
            return instance in self.living

        return Runner(name, self.log, Offers(inventory(self.server.url), {}), alive, lambda: NOON)


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    go = asyncio.Event()

    async def answer(talk: Conversation) -> None:
        if json.loads(talk.body)["model"] == "slow":
            await talk.stream(delta("a"))
            await go.wait()
            await talk.say(f"data: {delta('b', 'stop')}\n\ndata: [DONE]\n\n".encode())
        else:
            await fine(talk)

    async with serving(answer) as server:
        yield World(OutageLog(), server, go, set())
