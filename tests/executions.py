"""Plays dispatcher and runner: writes what they would say of a schedule's runs, step by step."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from chassis.clock import now
from contracts.actions import Target
from contracts.events import Event
from contracts.events.run import (
    CallCompleted,
    Origin,
    Outcome,
    RunCompleted,
    RunRequested,
    RunSkipped,
    RunStarted,
    SkipReason,
)
from contracts.events.schedule import (
    Definition,
    ScheduleCreated,
    ScheduleTriggered,
    ScheduleUpdated,
)
from contracts.ids import run_stream, schedule_stream
from contracts.inventory import Inventory
from contracts.samples import Call, CallError, Metrics, Tokens
from eventlog.execute import Cause, append_of
from eventlog.store import ANY, NEW, Log


@dataclass
class Executions:
    """`steps` of a run are methods that give the log's position after them."""

    log: Log
    inventory: Inventory

    async def append(self, stream: str, owner: str, *events: Event, new: bool = False) -> int:
        """These events; the last one's position."""
        cause = Cause(
            key=f"test:{uuid4()}",
            source="/test",
            actor=owner,
            owner=owner,
            time=now(),
            correlation=uuid4(),
        )
        answer = await self.log.append(append_of(stream, NEW if new else ANY, events, cause))
        assert answer.last is not None, answer
        return answer.last

    async def tick(self, id: UUID) -> UUID:
        """The clock fires this schedule: the run's id."""
        owner, _ = await self._schedule(id)
        run_id, at = uuid4(), now()
        tick = ScheduleTriggered(
            schedule_id=id,
            run_id=run_id,
            cause="clock",
            nominal=at,
            due=at,
            next=None,
            epoch=at,
            spec_version=1,
            tzdata="2026a",
        )
        await self.append(schedule_stream(id), owner, tick)
        return run_id

    async def request(self, id: UUID, run_id: UUID) -> int:
        owner, definition = await self._schedule(id)
        action = self.inventory.resolve(definition.action)
        requested = RunRequested(run_id=run_id, origin=_origin(id, definition), action=action)
        return await self.append(run_stream(run_id), owner, requested, new=True)

    async def skip(self, id: UUID, run_id: UUID, reason: SkipReason, detail: str) -> int:
        owner, definition = await self._schedule(id)
        origin = _origin(id, definition)
        skipped = RunSkipped(run_id=run_id, origin=origin, reason=reason, detail=detail)
        return await self.append(run_stream(run_id), owner, skipped, new=True)

    async def start(self, id: UUID, run_id: UUID) -> int:
        owner, _ = await self._schedule(id)
        started = RunStarted(run_id=run_id, attempt=1, runner="runner:test")
        return await self.append(run_stream(run_id), owner, started)

    async def finish(self, id: UUID, run_id: UUID, outcome: Outcome = "succeeded") -> int:
        """Every target answers (of a failed run, none does), and the run ends."""
        owner, definition = await self._schedule(id)
        failed = outcome == "failed"
        calls = [
            CallCompleted(run_id=run_id, attempt=1, call=call_to(target, failed=failed))
            for target in self.inventory.resolve(definition.action).targets
        ]
        error = "[rate_limited] Too many requests" if failed else None
        end = RunCompleted(run_id=run_id, attempt=1, outcome=outcome, error=error)
        return await self.append(run_stream(run_id), owner, *calls, end)

    async def whole_run(self, id: UUID, outcome: Outcome = "succeeded") -> UUID:
        """From the tick to the end."""
        run_id = await self.tick(id)
        await self.request(id, run_id)
        await self.start(id, run_id)
        await self.finish(id, run_id, outcome)
        return run_id

    async def _schedule(self, id: UUID) -> tuple[str, Definition]:
        rows = await self.log.stream(schedule_stream(id))
        events = (row.event for row in rows)
        written = [e for e in events if isinstance(e, ScheduleCreated | ScheduleUpdated)]
        assert rows[0].owner is not None
        return rows[0].owner, written[-1].definition


def call_to(target: Target, *, failed: bool = False, **given: Any) -> Call:
    """An answer with figures, or a refusal by the provider."""
    told: dict[str, Any] = {
        "status": "ok",
        "metrics": Metrics(ttft_ms=250.0, total_ms=1250.0, speed=40.0),
        "tokens": Tokens(input=100, output=50, source="usage"),
        "response": "It calls itself.",
    }
    if failed:
        error = CallError(message="Too many requests", http_status=429)
        told = {"status": "rate_limited", "error": error}
    return Call.model_validate(
        {"call_id": uuid4(), "target": target, "started_at": now(), **told, **given}
    )


def _origin(id: UUID, definition: Definition) -> Origin:
    return Origin(
        schedule_id=id,
        schedule_name=definition.name,
        schedule_version=1,
        triggered_by="schedule",
        nominal=now(),
    )
