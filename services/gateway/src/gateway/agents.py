"""What the agents did for the caller, and who may use which."""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query

from contracts.events.schedule import Definition
from contracts.inventory import AgentOffer
from contracts.specs import Cron
from gateway import reads
from gateway.freshness import fresh
from gateway.problems import AgentNotFound
from gateway.site import Here, Signed, Site
from gateway.tokens import Caller
from gateway.wire.activity import STATUSES, Activities, Activity, ActivityState, Timeline, activity
from gateway.wire.invalid import wrong

router = APIRouter(tags=["agents"], dependencies=[Depends(fresh)])

TYPES = frozenset({"schedule_start", "chat_start", "tool_call"})

Limit: TypeAlias = Annotated[int, Query(ge=1, le=500)]


def may_use(offer: AgentOffer, caller: Caller) -> bool:
    """Its owner, those it is shared with, and admins."""
    if offer.shared_with == "*" or caller.role == "admin":
        return True
    named = (*offer.shared_with, *([offer.owner] if offer.owner else []))
    return caller.email in {email.lower() for email in named}


@router.get("/api/agents/{name}/activities")
async def activities(
    site: Here,
    caller: Signed,
    name: str,
    activity_type: str | None = None,
    activity_state: ActivityState | None = None,
    limit: Limit = 100,
) -> Activities:
    """What one agent did for the caller, newest first."""
    offer = site.inventory.agents.get(name)
    if offer is None or not may_use(offer, caller):
        raise AgentNotFound
    wanted = _types("activity_type", activity_type)
    found = await _found(site, caller, name, wanted, activity_state, (None, None), limit)
    return Activities(agent_name=name, count=len(found), activities=found)


@router.get("/api/activities/timeline")
async def timeline(
    site: Here,
    caller: Signed,
    start_time: datetime | None = None,
    end_time: datetime | None = None,
    activity_types: str | None = None,
    limit: Limit = 100,
) -> Timeline:
    """What all agents did for the caller, newest first. A time without a zone is UTC."""
    span = (_utc(start_time), _utc(end_time))
    wanted = _types("activity_types", activity_types)
    found = await _found(site, caller, None, wanted, None, span, limit)
    return Timeline(count=len(found), activities=found)


async def _found(
    site: Site,
    caller: Caller,
    agent: str | None,
    types: frozenset[str],
    state: ActivityState | None,
    span: reads.Span,
    limit: int,
) -> list[Activity]:
    if "schedule_start" not in types:
        return []
    statuses = STATUSES[state] if state else None
    rows = await reads.agent_runs(site.log.pool, caller.user_id, agent, statuses, span, limit)
    return [activity(run, _cron(definition)) for run, definition in rows]


def _types(field: str, text: str | None) -> frozenset[str]:
    """The types asked for. Raises Invalid for one that there is not."""
    if text is None:
        return TYPES
    asked = frozenset(word.strip() for word in text.split(","))
    if unknown := sorted(asked - TYPES):
        raise wrong(field, f"Unknown activity type {unknown[0]}")
    return asked


def _utc(at: datetime | None) -> datetime | None:
    return at and (at if at.tzinfo else at.replace(tzinfo=UTC))


def _cron(definition: str | None) -> str | None:
    spec = Definition.model_validate_json(definition).spec if definition else None
    return spec.cron if isinstance(spec, Cron) else None
