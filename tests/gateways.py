"""A gateway for tests: real log and bus, a stand-in for the services behind it, and its users."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2
import uvicorn
from pydantic import SecretStr, TypeAdapter

from chassis.clock import now
from chassis.health import Server, served
from chassis.settings import Nats, Postgres, load
from contracts.actions import Action
from contracts.commands import (
    REPLY,
    Accepted,
    CreateSchedule,
    DeleteSchedule,
    FieldError,
    Refused,
    ScheduleCommand,
    ToggleSchedule,
    TriggerSchedule,
    UpdateSchedule,
)
from contracts.events import Event
from contracts.events.run import (
    CallCompleted,
    Origin,
    RunCompleted,
    RunRequested,
    RunSkipped,
    RunStarted,
)
from contracts.events.schedule import (
    Definition,
    ScheduleCreated,
    ScheduleDeleted,
    ScheduleToggled,
    ScheduleTriggered,
    ScheduleUpdated,
)
from contracts.ids import command_id, run_stream, schedule_stream
from contracts.inventory import Unresolvable
from contracts.samples import Call, CallError, Metrics, Tokens
from contracts.specs import Cron, Every
from contracts.subjects import command_subject
from eventlog.bus import Bus, connect
from eventlog.execute import Cause, append_of
from eventlog.postgres import PostgresLog
from eventlog.store import ANY, NEW
from gateway.__main__ import configured
from gateway.process import Parts, parts
from gateway.settings import Gateway, Settings

CONFIG: Final = Path(__file__).parent.parent / "config.yaml"
SECRET: Final = "a secret that only these tests know, long enough"
NEXT: Final = timedelta(hours=6)
COMMANDS: Final = {
    "Create": CreateSchedule,
    "Update": UpdateSchedule,
    "Toggle": ToggleSchedule,
    "Delete": DeleteSchedule,
    "Trigger": TriggerSchedule,
}


@dataclass
class Services:
    """Stands in for what writes schedules and runs: no rules of its own but what routes show."""

    log: PostgresLog
    settings: Settings
    known: dict[UUID, tuple[str, Definition, bool]] = field(default_factory=dict)
    asked: list[ScheduleCommand] = field(default_factory=list)

    async def serve(self, bus: Bus) -> None:
        for verb, model in COMMANDS.items():
            adapter = TypeAdapter[ScheduleCommand](model)
            await bus.answer(
                command_subject("schedule", verb), "schedule-svc", self._handler(adapter)
            )

    def _handler(self, adapter: TypeAdapter[ScheduleCommand]) -> Any:
        async def handle(request: bytes) -> bytes:
            reply = await self._do(adapter.validate_json(request))
            return REPLY.dump_json(reply)

        return handle

    async def _do(self, command: ScheduleCommand) -> Accepted | Refused:
        self.asked.append(command)
        key = f"api:{command.owner}:{command.key}"
        if (before := await self.log.answered(key)) is not None:
            assert before.last is not None
            named = command_id(command.owner, command.key)
            return Accepted(position=before.last, schedule_id=named)
        match command:
            case CreateSchedule():
                return await self._create(command, key)
            case _:
                return await self._change(command, key)

    async def _create(self, command: CreateSchedule, key: str) -> Accepted | Refused:
        definition, id = command.definition, command_id(command.owner, command.key)
        if any(known[:2] == (command.owner, definition) for known in self.known.values()):
            return Refused(status=409, detail="A schedule with this name already exists")
        if refused := self._refused(definition):
            return refused
        self.known[id] = (command.owner, definition, command.enabled)
        created = ScheduleCreated(
            schedule_id=id,
            definition=definition,
            enabled=command.enabled,
            next=now() + NEXT if command.enabled else None,
            epoch=now(),
            tzdata="2026a",
        )
        return await self._append(schedule_stream(id), NEW, [created], key, command.owner, id)

    def _refused(self, definition: Definition) -> Refused | None:
        spec = definition.spec
        if isinstance(spec, Every) and spec.every < timedelta(minutes=5):
            return _refusal("spec.every", "Interval must be at least 5 minutes")
        if isinstance(spec, Cron) and spec.cron.count(" ") != 4:
            return _refusal("spec.cron", "Invalid cron expression: five fields")
        try:
            self.settings.inventory.resolve(definition.action)
        except Unresolvable as gone:
            return _refusal(f"action.{gone.field}", gone.detail)
        return None

    async def _change(
        self,
        command: UpdateSchedule | ToggleSchedule | DeleteSchedule | TriggerSchedule,
        key: str,
    ) -> Accepted | Refused:
        id = command.schedule_id
        if id not in self.known or self.known[id][0] != command.owner:
            return Refused(status=404, detail="Schedule not found")
        events, run_id = self._events(command)
        stream = schedule_stream(id)
        return await self._append(stream, ANY, events, key, command.owner, id, run_id)

    def _events(
        self, command: UpdateSchedule | ToggleSchedule | DeleteSchedule | TriggerSchedule
    ) -> tuple[list[Event], UUID | None]:
        id = command.schedule_id
        owner, definition, enabled = self.known[id]
        common: dict[str, Any] = {"schedule_id": id, "epoch": now(), "tzdata": "2026a"}
        match command:
            case UpdateSchedule():
                changed = {n: getattr(command.change, n) for n in command.change.model_fields_set}
                definition = Definition.model_validate({**dict(definition), **changed})
                enabled = enabled if command.enabled is None else command.enabled
                self.known[id] = (owner, definition, enabled)
                following = now() + NEXT if enabled else None
                events: list[Event] = [
                    ScheduleUpdated(
                        definition=definition, changed=tuple(changed), next=following, **common
                    )
                ]
                if command.enabled is not None:
                    events.append(ScheduleToggled(enabled=enabled, next=following, **common))
                return events, None
            case ToggleSchedule():
                self.known[id] = (owner, definition, command.enabled)
                following = now() + NEXT if command.enabled else None
                return [ScheduleToggled(enabled=command.enabled, next=following, **common)], None
            case DeleteSchedule():
                del self.known[id]
                return [ScheduleDeleted(schedule_id=id, name=definition.name)], None
            case TriggerSchedule():
                run_id = command_id(owner, command.key)
                return [self.firing(id, run_id, "manual")], run_id

    def firing(self, id: UUID, run_id: UUID, cause: Any = "clock") -> ScheduleTriggered:
        at = now()
        return ScheduleTriggered(
            schedule_id=id,
            run_id=run_id,
            cause=cause,
            nominal=at,
            due=at,
            next=at + NEXT if self.known[id][2] else None,
            epoch=at,
            spec_version=1,
            tzdata="2026a",
        )

    async def _append(
        self,
        stream: str,
        expected: int,
        events: Sequence[Event],
        key: str,
        owner: str,
        id: UUID,
        run_id: UUID | None = None,
    ) -> Accepted:
        cause = _cause(key, owner)
        answer = await self.log.append(append_of(stream, expected, events, cause))
        assert answer.last is not None
        return Accepted(position=answer.last, schedule_id=id, run_id=run_id)

    async def append(self, stream: str, owner: str, *events: Event, new: bool = False) -> int:
        """Events of a run or a tick; the last one's position."""
        cause = _cause(f"test:{uuid4()}", owner)
        answer = await self.log.append(append_of(stream, NEW if new else ANY, events, cause))
        assert answer.last is not None, answer
        return answer.last

    async def tick(self, id: UUID) -> UUID:
        """The clock fires this schedule."""
        run_id = uuid4()
        owner = self.known[id][0]
        await self.append(schedule_stream(id), owner, self.firing(id, run_id))
        return run_id

    def origin(self, id: UUID, triggered_by: Any = "schedule") -> Origin:
        return Origin(
            schedule_id=id,
            schedule_name=self.known[id][1].name,
            schedule_version=1,
            triggered_by=triggered_by,
            nominal=now(),
        )

    async def request(self, id: UUID, run_id: UUID) -> int:
        owner, definition, _ = self.known[id]
        action = self.settings.inventory.resolve(definition.action)
        requested = RunRequested(run_id=run_id, origin=self.origin(id), action=action)
        return await self.append(run_stream(run_id), owner, requested, new=True)

    async def skip(self, id: UUID, run_id: UUID, reason: Any, detail: str) -> int:
        owner = self.known[id][0]
        skipped = RunSkipped(run_id=run_id, origin=self.origin(id), reason=reason, detail=detail)
        return await self.append(run_stream(run_id), owner, skipped, new=True)

    async def start(self, id: UUID, run_id: UUID) -> int:
        started = RunStarted(run_id=run_id, attempt=1, runner="runner:test")
        return await self.append(run_stream(run_id), self.known[id][0], started)

    async def finish(self, id: UUID, run_id: UUID, outcome: Any = "succeeded") -> int:
        """Every target answers (or, for a failed run, none does), and the run ends."""
        owner, definition, _ = self.known[id]
        targets = self.settings.inventory.resolve(definition.action).targets
        failed = outcome == "failed"
        calls = [
            CallCompleted(run_id=run_id, attempt=1, call=call_to(target, failed))
            for target in targets
        ]
        error = "[rate_limited] Too many requests" if failed else None
        end = RunCompleted(run_id=run_id, attempt=1, outcome=outcome, error=error)
        return await self.append(run_stream(run_id), owner, *calls, end)

    async def whole_run(self, id: UUID, outcome: Any = "succeeded") -> UUID:
        """From the tick to the end."""
        run_id = await self.tick(id)
        await self.request(id, run_id)
        await self.start(id, run_id)
        await self.finish(id, run_id, outcome)
        return run_id


def call_to(target: Any, failed: bool) -> Call:
    error = CallError(message="Too many requests", http_status=429) if failed else None
    return Call(
        call_id=uuid4(),
        target=target,
        status="rate_limited" if failed else "ok",
        started_at=now(),
        metrics=Metrics() if failed else Metrics(ttft_ms=250.0, total_ms=1250.0, speed=40.0),
        tokens=Tokens() if failed else Tokens(input=100, output=50, source="usage"),
        error=error,
        response=None if failed else "It calls itself.",
    )


def _refusal(field: str, message: str) -> Refused:
    return Refused(status=422, detail=message, errors=(FieldError(field=field, message=message),))


def _cause(key: str, owner: str) -> Cause:
    return Cause(key=key, source="/test", actor=owner, owner=owner, time=now(), correlation=uuid4())


@dataclass
class User:
    """Somebody with an account: a client that shows their token."""

    id: str
    email: str
    token: str
    client: httpx2.AsyncClient

    async def get(self, path: str, expect: int = 200, **params: Any) -> Any:
        response = await self.client.get(path, params=params or None)
        assert response.status_code == expect, response.text
        return response.json()

    async def send(
        self, method: str, path: str, body: Any = None, status: int = 200, **headers: str
    ) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.client.request(method, path, json=body, headers=given)
        assert response.status_code == status, response.text
        return response.json()


@dataclass
class Gate:
    """A running gateway and the world around it."""

    parts: Parts
    bus: Bus
    services: Services
    client: httpx2.AsyncClient
    address: str
    stack: AsyncExitStack

    async def user(self, email: str) -> User:
        body = {"email": email, "password": "correct horse"}
        response = await self.client.post("/api/auth/register", json=body)
        assert response.status_code == 201, response.text
        entered = response.json()
        token = entered["access_token"]
        client = await self.stack.enter_async_context(self.to(token))
        await self.settled()
        return User(entered["user"]["id"], email, token, client)

    async def settled(self) -> int:
        """Reads show everything that is in the log now; up to which position."""
        head = await self.services.log.head()
        await self.parts.site.freshness.reach(head.position)
        return head.position

    def to(self, token: str | None = None) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.parts.app, raise_app_exceptions=False),
            base_url="http://gateway.test",
            headers=headers,
        )


def settings(dsn: str, nats: str, **given: Any) -> Settings:
    """The shipped configuration on these servers, at a free port."""
    shipped = load(Settings, CONFIG, {"TICKMARK_GATEWAY__TOKEN_SECRET": SECRET})
    return shipped.model_copy(
        update={
            "postgres": Postgres(dsn=SecretStr(dsn), pool_size=4),
            "nats": Nats(url=nats),
            "gateway": Gateway(token_secret=SecretStr(SECRET), port=0, **given),
        }
    )


@asynccontextmanager
async def running(chosen: Settings) -> AsyncGenerator[tuple[Parts, str]]:
    """A gateway with its tasks, and its address: a real server on a port of its own."""
    async with parts(chosen, "test") as part, asyncio.TaskGroup() as tasks:
        server = Server(configured(part, chosen.gateway))
        going = [tasks.create_task(task, name=name) for name, task in part.tasks().items()]
        going.append(tasks.create_task(served(server), name="http"))
        try:
            yield part, await _address(server)
        finally:
            for task in going:
                task.cancel()


async def _address(server: uvicorn.Server) -> str:
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.005)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    return f"{host}:{port}"


@asynccontextmanager
async def gate(dsn: str, nats: str, **given: Any) -> AsyncGenerator[Gate]:
    """The whole of it."""
    chosen = settings(dsn, nats, **given)
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(connect(nats, name="services"))
        part, address = await stack.enter_async_context(running(chosen))
        services = Services(part.site.log, chosen)
        await services.serve(bus)
        made = Gate(part, bus, services, httpx2.AsyncClient(), address, stack)
        made.client = await stack.enter_async_context(made.to())
        yield made


BENCHMARK: Final[dict[str, Any]] = {
    "name": "Nightly GPT-4o benchmark",
    "models": ["gpt-4o", "gpt-4o-mini"],
    "prompt": "Explain recursion in programming with a Python example.",
    "max_tokens": 512,
    "temperature": 0.7,
    "interval_hours": 24,
}

ACTION: Final[TypeAdapter[Action]] = TypeAdapter(Action)
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
