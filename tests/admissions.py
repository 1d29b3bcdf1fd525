"""Events for admission, short to write: schedules and runs by names people can read."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from contracts.actions import Action, Agent, Benchmark
from contracts.events.run import Outcome, RunCompleted, RunInterrupted
from contracts.events.schedule import (
    Cause,
    Definition,
    ScheduleCreated,
    ScheduleDeleted,
    ScheduleToggled,
    ScheduleTriggered,
    ScheduleUpdated,
)
from contracts.events.system import DispatcherStarted, Limits
from contracts.inventory import Inventory
from contracts.specs import Every
from dispatcher_svc import admission

NAMES = UUID(int=7)
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
INVENTORY = Inventory.model_validate(
    {
        "providers": {
            "ada": {"base_url": "http://a", "models": [{"id": "small"}, {"id": "both"}]},
            "bell": {"base_url": "http://b", "models": [{"id": "large"}, {"id": "both"}]},
        },
        "agents": {"owl": {"base_url": "http://o"}},
    }
)
SMALL = Benchmark(prompt="Why?", models=("small",))
LARGE = Benchmark(prompt="Why?", models=("large",))
BOTH = Benchmark(prompt="Why?", models=("both",))
OWL = Agent(agent_name="owl", message="Look around.")
GONE = Benchmark(prompt="Why?", models=("retired",))


def named(name: str) -> UUID:
    """The id of a schedule or run, by a name people can read."""
    return uuid5(NAMES, name)


def started(inventory: Inventory = INVENTORY, **limits: int) -> DispatcherStarted:
    return DispatcherStarted(
        epoch=1,
        holder="tests",
        decider_version=admission.VERSION,
        limits=Limits.model_validate(limits),
        inventory=inventory,
    )


def definition(name: str, action: Action) -> Definition:
    return Definition(name=name, action=action, spec=Every(every=timedelta(hours=1)))


def created(name: str, action: Action = SMALL, *, enabled: bool = True) -> ScheduleCreated:
    return ScheduleCreated(
        schedule_id=named(name),
        definition=definition(name, action),
        enabled=enabled,
        next=NOON,
        epoch=NOON,
        tzdata="2026a",
    )


def updated(name: str, action: Action) -> ScheduleUpdated:
    return ScheduleUpdated(
        schedule_id=named(name),
        definition=definition(name, action),
        changed=("action",),
        next=NOON,
        epoch=NOON,
        tzdata="2026a",
    )


def toggled(name: str, *, enabled: bool) -> ScheduleToggled:
    return ScheduleToggled(
        schedule_id=named(name), enabled=enabled, next=None, epoch=NOON, tzdata="2026a"
    )


def deleted(name: str) -> ScheduleDeleted:
    return ScheduleDeleted(schedule_id=named(name), name=name)


def triggered(name: str, run: str, cause: Cause = "clock") -> ScheduleTriggered:
    return ScheduleTriggered(
        schedule_id=named(name),
        run_id=named(run),
        cause=cause,
        nominal=NOON,
        due=NOON,
        next=None,
        epoch=NOON,
        spec_version=1,
        tzdata="2026a",
    )


def ended(run: str | UUID, outcome: Outcome = "succeeded") -> RunCompleted:
    run_id = run if isinstance(run, UUID) else named(run)
    return RunCompleted(run_id=run_id, attempt=1, outcome=outcome)


def interrupted(run: str, *, final: bool) -> RunInterrupted:
    return RunInterrupted(
        run_id=named(run), attempt=1, runner="r", reason="lost", owed=(), final=final
    )
