"""/api/schedules: create, read, change, switch, trigger, delete.

A write is a command to schedule-svc; its answer is read back once the read model shows it.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from contracts.actions import Action, Agent
from contracts.commands import (
    Accepted,
    CreateSchedule,
    DeleteSchedule,
    ScheduleCommand,
    ToggleSchedule,
    TriggerSchedule,
    UpdateSchedule,
)
from contracts.events.schedule import Definition
from gateway import reads
from gateway.agents import may_use
from gateway.bodies import described, json_of
from gateway.commands import ask, idempotency_key
from gateway.edge import slashed
from gateway.freshness import HEADER, fresh
from gateway.paging import Page, page
from gateway.problems import ScheduleNotFound
from gateway.site import Here, Signed, Site
from gateway.tokens import Caller
from gateway.wire.forms import ScheduleForm
from gateway.wire.invalid import Names, wrong
from gateway.wire.requests import creation, revision
from gateway.wire.run import Triggered
from gateway.wire.schedule import (
    Schedule,
    ScheduleAnswer,
    Schedules,
    Shape,
    SlashedSchedules,
    answered,
    shown,
)

router = APIRouter(prefix="/api/schedules", tags=["schedules"])


class Deleted(Shape):
    status: Literal["ok"] = "ok"
    id: UUID


class By(TypedDict):
    """What every command says of its sender."""

    owner: str
    actor: str
    key: str


@dataclass(frozen=True, slots=True)
class Desk:
    """One request's dealings with schedules."""

    site: Site
    caller: Caller
    response: Response

    def by(self, key: str) -> By:
        return {"owner": self.caller.user_id, "actor": self.caller.user_id, "key": key}

    async def do(self, command: ScheduleCommand, names: Names | None = None) -> Accepted:
        """Have it done, and wait until reads show it."""
        accepted = await ask(self.site.bus, command, names)
        await self.site.freshness.reach(accepted.position)
        self.response.headers[HEADER] = str(self.site.freshness.position)
        return accepted

    async def known(self, schedule_id: UUID) -> reads.Known:
        return await reads.schedule(self.site.log.pool, self.caller.user_id, schedule_id)

    async def read(self, schedule_id: UUID) -> Schedule:
        return self.shown(await self.known(schedule_id))

    def shown(self, known: reads.Known) -> Schedule:
        return shown(known.row, known.last, self.site.inventory)

    def check(self, action: Action | None, names: Names) -> None:
        """Refuse an agent that the caller may not use, in the words for one that is not there."""
        if not isinstance(action, Agent):
            return
        offer = self.site.inventory.agents.get(action.agent_name)
        if offer is None or not may_use(offer, self.caller):
            raise wrong(names.get("action.agent_name", "action.agent_name"), "Agent not found")


def _desk(site: Here, caller: Signed, response: Response) -> Desk:
    return Desk(site, caller, response)


def schedule_id(schedule_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    """An id that is none of ours names nothing."""
    try:
        return UUID(schedule_id)
    except ValueError:
        raise ScheduleNotFound from None


AtDesk = Annotated[Desk, Depends(_desk)]
Key = Annotated[str, Depends(idempotency_key)]
Id = Annotated[UUID, Depends(schedule_id)]
Body = Annotated[ScheduleForm, Depends(json_of(ScheduleForm))]


@router.post("", status_code=201, openapi_extra=described(ScheduleForm))
async def create(desk: AtDesk, key: Key, form: Body, response: Response) -> ScheduleAnswer:
    """Create a schedule: what to run, and when."""
    new = creation(form)
    desk.check(new.definition.action, new.names)
    command = CreateSchedule(definition=new.definition, enabled=new.enabled, **desk.by(key))
    accepted = await desk.do(command, new.names)
    response.headers["Location"] = f"/api/schedules/{accepted.schedule_id}"
    return answered(await desk.read(accepted.schedule_id), "ok")


@router.get("", dependencies=[Depends(fresh)])
async def listing(
    request: Request,
    desk: AtDesk,
    page: Annotated[Page, Depends(page)],
    enabled: bool | None = None,
    kind: Literal["benchmark", "agent", "job"] | None = None,
    agent: str | None = None,
    agent_id: Annotated[str | None, Query(description="The same as `agent`")] = None,
) -> Schedules | SlashedSchedules:
    """The caller's schedules, newest first."""
    wanted = reads.ScheduleFilter(enabled, kind, agent or agent_id)
    found, count = await reads.schedules(desk.site.log.pool, desk.caller.user_id, wanted, page)
    known, following = page.cut(found)
    shown = [desk.shown(each) for each in known]
    if not slashed(request):
        return Schedules(schedules=shown, count=count, next_cursor=following)
    return SlashedSchedules(
        schedules=shown,
        results=shown,
        count=count,
        next_cursor=following,
        next=following and _address(request, following),
        previous=None,
    )


@router.get("/{schedule_id}", dependencies=[Depends(fresh)])
async def read(desk: AtDesk, schedule_id: Id) -> Schedule:
    """One schedule with its last and next run."""
    return await desk.read(schedule_id)


@router.put("/{schedule_id}", openapi_extra=described(ScheduleForm))
@router.patch("/{schedule_id}", openapi_extra=described(ScheduleForm))
async def change(desk: AtDesk, key: Key, schedule_id: Id, form: Body) -> ScheduleAnswer:
    """Change the fields that are given; the others stay as they are."""
    known = await desk.known(schedule_id)
    new = revision(form, Definition.model_validate_json(known.row.definition))
    desk.check(new.change.action, new.names)
    if not new.empty:
        command = UpdateSchedule(
            schedule_id=schedule_id, change=new.change, enabled=new.enabled, **desk.by(key)
        )
        await desk.do(command, new.names)
    return answered(await desk.read(schedule_id), "ok")


@router.delete("/{schedule_id}")
async def delete(desk: AtDesk, key: Key, schedule_id: Id) -> Deleted:
    """Delete a schedule; its past runs stay in the history."""
    await desk.do(DeleteSchedule(schedule_id=schedule_id, **desk.by(key)))
    return Deleted(id=schedule_id)


@router.post("/{schedule_id}/enable")
async def enable(desk: AtDesk, key: Key, schedule_id: Id) -> ScheduleAnswer:
    """Resume: the next instant is computed from now."""
    return await _toggle(desk, key, schedule_id, enabled=True)


@router.post("/{schedule_id}/disable")
async def disable(desk: AtDesk, key: Key, schedule_id: Id) -> ScheduleAnswer:
    """Pause: no instant fires until it is enabled again."""
    return await _toggle(desk, key, schedule_id, enabled=False)


@router.post("/{schedule_id}/trigger", status_code=202)
@router.post("/{schedule_id}/run-now", status_code=202)
@router.post("/{schedule_id}/execute", status_code=202)
async def trigger(desk: AtDesk, key: Key, schedule_id: Id) -> Triggered:
    """Start one run now, also of a disabled schedule. The answer does not wait for its end."""
    known = await desk.known(schedule_id)
    accepted = await desk.do(TriggerSchedule(schedule_id=schedule_id, **desk.by(key)))
    assert accepted.run_id is not None
    return Triggered(
        message=f"{known.row.kind.capitalize()} triggered",
        schedule_id=schedule_id,
        run_id=accepted.run_id,
        execution_id=accepted.run_id,
    )


async def _toggle(desk: Desk, key: str, schedule_id: UUID, *, enabled: bool) -> ScheduleAnswer:
    await desk.do(ToggleSchedule(schedule_id=schedule_id, enabled=enabled, **desk.by(key)))
    return answered(await desk.read(schedule_id), "enabled" if enabled else "disabled")


def _address(request: Request, following: str) -> str:
    asked = {**request.query_params, "cursor": following}
    return f"{request.url.path}/?{urlencode(asked)}"
