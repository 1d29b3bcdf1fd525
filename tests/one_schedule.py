"""One schedule for decision tables: commands and events by what differs from the usual."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from contracts.actions import Benchmark
from contracts.commands import Change
from contracts.events.schedule import (
    Definition,
    OccurrencesMissed,
    ScheduleCreated,
    ScheduleToggled,
    ScheduleTriggered,
    ScheduleUpdated,
)
from contracts.ids import instant_text, occurrence_id
from contracts.inventory import Inventory
from contracts.specs import Spec
from schedule_svc.definition import Rules
from schedule_svc.schedule import Create, Tick, Toggle, Trigger, Update

ID = UUID("00000000-0000-4000-8000-000000000001")
RUN = UUID("00000000-0000-4000-8000-0000000000aa")
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TZ = "2026f"

INVENTORY = Inventory.model_validate(
    {
        "providers": {"sim": {"base_url": "http://sim", "models": [{"id": "fast"}]}},
        "agents": {"scout": {"base_url": "http://scout"}},
    }
)
RULES = Rules(INVENTORY, 5 * MINUTE)
ACTION = Benchmark(prompt="How late is it?", models=("fast",))
SPEC: TypeAdapter[Spec] = TypeAdapter(Spec)


def spec(**fields: str) -> Spec:
    """`cron=`, `every=` or `at=`."""
    return SPEC.validate_python({"type": next(iter(fields)), **fields})


HOURLY, DAILY = spec(every="1h"), spec(cron="0 9 * * *")


def definition(when: Spec = HOURLY, name: str = "Lateness", **other: Any) -> Definition:
    return Definition(name=name, action=other.pop("action", ACTION), spec=when, **other)


def created(
    when: Spec = HOURLY, following: datetime | None = NINE + HOUR, *, enabled: bool = True
) -> ScheduleCreated:
    return ScheduleCreated(
        schedule_id=ID,
        definition=definition(when),
        enabled=enabled,
        next=following,
        epoch=NINE,
        tzdata=TZ,
    )


def create(when: Spec = HOURLY, *, enabled: bool = True, **other: Any) -> Create:
    return Create(
        now=NINE,
        tzdata=TZ,
        schedule_id=ID,
        definition=definition(when, **other),
        enabled=enabled,
        rules=RULES,
    )


def update(now: datetime, *, enabled: bool | None = None, **fields: Any) -> Update:
    return Update(now=now, tzdata=TZ, change=Change(**fields), enabled=enabled, rules=RULES)


def toggle(now: datetime, enabled: bool) -> Toggle:
    return Toggle(now=now, tzdata=TZ, enabled=enabled)


def tick(nominal: datetime, late: timedelta = timedelta(0)) -> Tick:
    return Tick(now=nominal + late, tzdata=TZ, nominal=nominal)


def trigger(now: datetime) -> Trigger:
    return Trigger(now=now, tzdata=TZ, run_id=RUN)


def updated(new: Definition, changed: tuple[str, ...], **fields: Any) -> ScheduleUpdated:
    defaults = {"next": NINE + HOUR, "epoch": NINE}
    return ScheduleUpdated.model_validate(
        {"schedule_id": ID, "definition": new, "changed": changed, "tzdata": TZ} | defaults | fields
    )


def toggled(enabled: bool, following: datetime | None, epoch: datetime) -> ScheduleToggled:
    return ScheduleToggled(schedule_id=ID, enabled=enabled, next=following, epoch=epoch, tzdata=TZ)


def fired(nominal: datetime, following: datetime | None, **fields: Any) -> ScheduleTriggered:
    defaults = {"epoch": NINE, "spec_version": 1, "cause": "clock", "due": nominal}
    return ScheduleTriggered.model_validate(
        {
            "schedule_id": ID,
            "run_id": occurrence_id(ID, nominal),
            "nominal": nominal,
            "next": following,
            "tzdata": TZ,
        }
        | defaults
        | fields
    )


def by_hand(now: datetime, following: datetime | None, **fields: Any) -> ScheduleTriggered:
    return fired(now, following, run_id=RUN, cause="manual", **fields)


def missed(
    instants: list[datetime], reason: str, following: datetime | None, **fields: Any
) -> OccurrencesMissed:
    lines = "\n".join(map(instant_text, instants))
    return OccurrencesMissed.model_validate(
        {
            "schedule_id": ID,
            "first": instants[0],
            "last": instants[-1],
            "count": len(instants),
            "reason": reason,
            "next": following,
            "spec_version": 1,
            "tzdata": TZ,
            "instants_sha256": hashlib.sha256(lines.encode()).hexdigest(),
            "instants": instants if len(instants) <= 50 else (),
        }
        | fields
    )
