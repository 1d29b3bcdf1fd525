"""schedule-svc from outside: replicas as processes, requests, and what the log then holds."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from contracts.actions import Benchmark
from contracts.commands import (
    Accepted,
    Change,
    CreateSchedule,
    DeleteSchedule,
    Refused,
    ScheduleCommand,
    UpdateSchedule,
)
from contracts.events import Event
from contracts.events.schedule import Definition
from contracts.inventory import Inventory
from contracts.specs import Every, Spec
from eventlog.postgres import PostgresLog
from eventlog.store import Row

INVENTORY = Inventory.model_validate(
    {"providers": {"sim": {"base_url": "http://127.0.0.1:1", "models": [{"id": "fast"}]}}}
)
ACTION = Benchmark(prompt="How late is it?", models=("fast",))


Ask: TypeAlias = Callable[[ScheduleCommand], Coroutine[Any, Any, Accepted | Refused]]


async def eventually(holds: Callable[[], bool], within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what it waits for is another process's
            await asyncio.sleep(0.02)


async def wait_for(
    log: PostgresLog, stream: str, enough: Callable[[Sequence[Row]], bool], within_s: float = 20
) -> list[Row]:
    """The stream, as soon as it holds enough."""
    async with asyncio.timeout(within_s):
        while not enough(rows := await log.stream(stream)):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
    return rows


HOURLY = Every(every=timedelta(hours=1))

E = TypeVar("E", bound=Event)


def events_of(rows: Sequence[Row], type_: type[E]) -> list[E]:
    return [event for row in rows if isinstance(event := row.event, type_)]


def new_schedule(
    key: str, spec: Spec | None = None, *, name: str | None = None, owner: str = "ada"
) -> CreateSchedule:
    """Every second, where nothing else is said."""
    spec = spec or Every.model_validate({"every": "1s"})
    definition = Definition(name=name or f"schedule {key}", action=ACTION, spec=spec)
    return CreateSchedule(owner=owner, actor=owner, key=key, definition=definition)


def stream_of(schedule_id: UUID) -> str:
    return f"schedule-{schedule_id}"


async def made(ask: Ask, command: CreateSchedule) -> UUID:
    """Create it, and tell its id."""
    reply = await ask(command)
    assert isinstance(reply, Accepted), reply
    return reply.schedule_id


def about(schedule_id: UUID, key: str = "again", owner: str = "ada") -> dict[str, Any]:
    return {"owner": owner, "actor": owner, "key": key, "schedule_id": schedule_id}


def rename(schedule_id: UUID, name: str, key: str = "rename") -> UpdateSchedule:
    return UpdateSchedule(**about(schedule_id, key), change=Change(name=name))


def delete(schedule_id: UUID, key: str = "delete") -> DeleteSchedule:
    return DeleteSchedule(**about(schedule_id, key))
