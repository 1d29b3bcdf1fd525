"""A gateway for tests, with its people: on a real log and bus, before the real schedule-svc."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx2
import uvicorn
from pydantic import SecretStr

import chassis.settings
import schedule_svc.settings
from chassis.health import Health, Server, served
from chassis.settings import Nats, Postgres
from eventlog.bus import Bus, connect
from executions import Executions
from gateway.__main__ import configured
from gateway.process import Parts, parts
from gateway.settings import Gateway, Settings
from schedule_svc import service

S = TypeVar("S", bound=chassis.settings.Settings)

CONFIG: Final = Path(__file__).parent.parent / "config.yaml"
SECRET: Final = "a secret that only these tests know, long enough"
BENCHMARK: Final[dict[str, Any]] = {
    "name": "Nightly GPT-4o benchmark",
    "models": ["gpt-4o", "gpt-4o-mini"],
    "prompt": "Explain recursion in programming with a Python example.",
    "max_tokens": 512,
    "temperature": 0.7,
    "interval_hours": 24,
}


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


class ScheduleService:
    """schedule-svc as a part that can be stopped and started again."""

    def __init__(self, parts: Parts, bus: Bus, tasks: asyncio.TaskGroup) -> None:
        self._parts, self._tasks, self.bus = parts, tasks, bus
        self._stop = asyncio.Event()

    async def start(self) -> None:
        """Return when it answers."""
        site, health = self._parts.site, Health(*service.PARTS)
        chosen = on(schedule_svc.settings.Settings, site.settings)
        self._stop = asyncio.Event()
        running = service.run(chosen, site.log, self.bus, health, self._stop)
        self._tasks.create_task(running, name="schedule-svc")
        async with asyncio.timeout(10):
            while health.report()["parts"]["commands"] != "ok":  # noqa: ASYNC110 - no event is offered
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        await self.bus.stop_listening()
        self._stop.set()


@dataclass
class Gate:
    """A running gateway and the world around it."""

    parts: Parts
    service: ScheduleService
    executions: Executions
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
        head = await self.parts.site.log.head()
        await self.parts.site.freshness.reach(head.position)
        return head.position

    def to(self, token: str | None = None) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.parts.app, raise_app_exceptions=False),
            base_url="http://gateway.test",
            headers=headers,
        )


async def made(user: User, **fields: Any) -> UUID:
    schedule = await user.send("POST", "/api/schedules", {**BENCHMARK, **fields}, 201)
    return UUID(schedule["id"])


async def owned(gateway: Gate, user: User, after: int = 0) -> list[int]:
    """Where the log holds events of this user, after a position."""
    rows = await gateway.parts.site.log.page(after)
    return [row.position for row in rows if row.owner == user.id]


def settings(dsn: str, nats: str, **given: Any) -> Settings:
    """The shipped configuration on these servers, at a free port."""
    shipped = chassis.settings.load(Settings, CONFIG, {"TICKMARK_GATEWAY__TOKEN_SECRET": SECRET})
    return shipped.model_copy(
        update={
            "postgres": Postgres(dsn=SecretStr(dsn), pool_size=4),
            "nats": Nats(url=nats),
            "gateway": Gateway(token_secret=SecretStr(SECRET), port=0, **given),
        }
    )


def on(kind: type[S], chosen: Settings) -> S:
    """Another service's settings on the same servers and limits."""
    shared = {name: getattr(chosen, name) for name in chassis.settings.Settings.model_fields}
    return kind.model_validate(shared)


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


@asynccontextmanager
async def gate(dsn: str, nats: str, **given: Any) -> AsyncGenerator[Gate]:
    """The whole of it."""
    chosen = settings(dsn, nats, **given)
    async with AsyncExitStack() as stack:
        part, address = await stack.enter_async_context(running(chosen))
        bus = await stack.enter_async_context(connect(nats, name="schedule-svc"))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        behind = ScheduleService(part, bus, tasks)
        await behind.start()
        stack.push_async_callback(behind.stop)
        executions = Executions(part.site.log, chosen.inventory)
        made = Gate(part, behind, executions, httpx2.AsyncClient(), address, stack)
        made.client = await stack.enter_async_context(made.to())
        yield made


async def _address(server: uvicorn.Server) -> str:
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.005)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    return f"{host}:{port}"
