"""The read model: what schedules and runs look like after each of their events."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.actions import Agent, Benchmark, Resolved, Target
from contracts.events import Event
from contracts.events.run import (
    CallCompleted,
    Origin,
    RunCancelled,
    RunCancelRequested,
    RunCompleted,
    RunInterrupted,
    RunQueued,
    RunRequested,
    RunSkipped,
    RunStarted,
)
from contracts.events.schedule import (
    Definition,
    OccurrencesMissed,
    ScheduleCreated,
    ScheduleDeleted,
    ScheduleToggled,
    ScheduleTriggered,
    ScheduleUpdated,
)
from contracts.ids import run_stream, schedule_stream
from contracts.specs import Every
from eventlog.execute import Cause, append_of
from eventlog.memory import MemoryLog
from eventlog.store import ANY, NEW, Row
from executions import call_to
from gateway.views.fold import Folding, fold, ours
from gateway.views.rows import RunRow, ScheduleRow

START = datetime(2026, 11, 21, tzinfo=UTC)
ID, RUN = UUID(int=1), UUID(int=2)
TARGET = Target(provider="openai", model="gpt-4o")
DEFINITION = Definition(
    name="nightly",
    action=Benchmark(prompt="p", models=("gpt-4o",)),
    spec=Every(every=timedelta(hours=1)),
)
COMMON: dict[str, Any] = {"schedule_id": ID, "epoch": START, "tzdata": "2026a"}
CREATED = ScheduleCreated(definition=DEFINITION, enabled=True, next=START, **COMMON)
ORIGIN = Origin(
    schedule_id=ID,
    schedule_name="nightly",
    schedule_version=1,
    triggered_by="schedule",
    nominal=START,
)
ACTION = Resolved(
    kind="benchmark",
    text="p",
    targets=(TARGET,),
    max_tokens=512,
    temperature=0.7,
    timeout_seconds=120,
)
REQUESTED = RunRequested(run_id=RUN, origin=ORIGIN, action=ACTION)
STARTED = RunStarted(run_id=RUN, attempt=1, runner="r")


def fired(*, late: bool = False) -> ScheduleTriggered:
    return ScheduleTriggered(
        run_id=RUN,
        cause="clock",
        nominal=START,
        due=START,
        next=START + timedelta(hours=1),
        spec_version=1,
        late=late,
        **COMMON,
    )


def ended(outcome: Any = "succeeded", error: str | None = None) -> RunCompleted:
    return RunCompleted(run_id=RUN, attempt=1, outcome=outcome, error=error)


def interrupted(*, final: bool) -> RunInterrupted:
    return RunInterrupted(
        run_id=RUN, attempt=1, runner="r", reason="lost", owed=("gpt-4o",), final=final
    )


def skipped(reason: Any) -> RunSkipped:
    return RunSkipped(run_id=RUN, origin=ORIGIN, reason=reason, detail="because")


@dataclass
class World:
    """What the rows are after some events."""

    folding: Folding

    @property
    def schedule(self) -> ScheduleRow | None:
        return self.folding.schedules[ID]

    @property
    def run(self) -> RunRow:
        return self.folding.runs[RUN]


async def logged(*events: Event) -> list[Row]:
    """The events as a log holds them whose clock moves a second with each."""
    seconds = iter(range(1, len(events) + 1))
    log = MemoryLog(clock=lambda: START + timedelta(seconds=next(seconds)))
    for n, event in enumerate(events):
        stream = schedule_stream(ID) if hasattr(event, "schedule_id") else run_stream(RUN)
        cause = Cause(key=f"{n}", source="/t", actor="t", time=START, correlation=RUN, owner="ann")
        known = await log.stream(stream)
        await log.append(append_of(stream, ANY if known else NEW, [event], cause))
    return log.rows


def folded(rows: list[Row], over: Folding | None = None) -> Folding:
    """A batch over the rows that the batches before it left behind."""
    before = over or Folding()
    folding = Folding(dict(before.schedules), dict(before.runs))
    for row in filter(ours, rows):
        fold(folding, row)
    return folding


async def told(*events: Event) -> World:
    return World(folded(await logged(*events)))


def second(n: int) -> datetime:
    return START + timedelta(seconds=n)


async def test_a_schedule_follows_its_events() -> None:
    agent = DEFINITION.model_copy(
        update={"name": "asks", "action": Agent(agent_name="owl", message="m")}
    )
    changed = ScheduleUpdated(definition=agent, changed=("name",), next=second(9), **COMMON)
    row = (await told(CREATED, fired(), changed)).schedule
    assert row is not None
    assert (row.name, row.kind, row.agent_name, row.owner) == ("asks", "agent", "owl", "ann")
    assert (row.position, row.created_at, row.updated_at) == (1, second(1), second(3))
    assert row.next_run == second(9)


async def test_a_run_does_not_count_as_a_change_of_its_schedule() -> None:
    row = (await told(CREATED, fired())).schedule
    assert row is not None
    assert row.updated_at == second(1)
    assert row.next_run == START + timedelta(hours=1)


async def test_a_paused_schedule_has_no_next_run() -> None:
    off = ScheduleToggled(enabled=False, next=None, **COMMON)
    row = (await told(CREATED, off)).schedule
    assert row is not None
    assert (row.enabled, row.next_run) == (False, None)


async def test_missed_occurrences_move_the_next_run() -> None:
    missed = OccurrencesMissed(
        schedule_id=ID,
        first=START,
        last=START,
        count=1,
        reason="late",
        next=second(50),
        spec_version=1,
        tzdata="2026a",
        instants_sha256="",
    )
    row = (await told(CREATED, missed)).schedule
    assert row is not None
    assert row.next_run == second(50)


async def test_a_deleted_schedule_is_gone_and_its_run_is_not() -> None:
    world = await told(CREATED, fired(), ScheduleDeleted(schedule_id=ID, name="nightly"), REQUESTED)
    assert world.schedule is None
    assert (world.run.schedule_name, world.run.status) == ("nightly", "pending")


async def test_a_run_passes_through_its_states() -> None:
    queued = RunQueued(run_id=RUN, origin=ORIGIN, waits_for=("user", "schedule"))
    expected = ["pending", "queued", "pending", "running", "running", "success"]
    call = CallCompleted(run_id=RUN, attempt=1, call=call_to(TARGET))
    steps: list[Event] = [fired(), queued, REQUESTED, STARTED, call, ended()]
    seen = [(await told(CREATED, *steps[: n + 1])).run for n in range(len(steps))]
    assert [run.status for run in seen] == expected
    assert (seen[1].waits_for, seen[2].waits_for) == ("user,schedule", None)
    last = seen[-1]
    assert (last.position, last.triggered_at, last.queued_at) == (2, START, second(3))
    assert (last.requested_at, last.started_at, last.completed_at) == (
        second(4),
        second(5),
        second(7),
    )


async def test_every_end_has_its_status() -> None:
    for event, status in (
        (ended("partial"), "partial"),
        (ended("failed"), "failed"),
        (ended("timed_out"), "timed_out"),
        (RunCancelled(run_id=RUN, reason="asked"), "cancelled"),
        (interrupted(final=True), "interrupted"),
        (interrupted(final=False), "queued"),
        (RunCancelRequested(run_id=RUN, reason="asked"), "running"),
    ):
        run = (await told(CREATED, fired(), REQUESTED, STARTED, event)).run
        assert run.status == status
        assert (run.completed_at is None) == (status in ("queued", "running"))


async def test_a_second_attempt_keeps_the_first_start() -> None:
    again = RunStarted(run_id=RUN, attempt=2, runner="other")
    run = (await told(CREATED, fired(), REQUESTED, STARTED, interrupted(final=False), again)).run
    assert (run.started_at, run.attempt, run.status, run.waits_for) == (
        second(4),
        2,
        "running",
        None,
    )


async def test_only_what_was_overlapped_or_switched_off_leaves_no_run() -> None:
    for reason, status in (
        ("overlap", "skipped"),
        ("disabled", "skipped"),
        ("deleted", "skipped"),
        ("unresolvable", "failed"),
        ("cancelled", "cancelled"),
    ):
        run = (await told(CREATED, fired(), skipped(reason))).run
        assert (run.status, run.skipped) == (status, status == "skipped")
        assert (run.reason, run.error) == (reason, "because")


async def test_a_late_firing_counts_from_when_it_happened() -> None:
    assert (await told(CREATED, fired(late=True))).run.triggered_at == second(2)


async def test_an_error_can_be_stored_whatever_it_holds() -> None:
    run = (await told(CREATED, fired(), REQUESTED, ended("failed", "bad\x00bytes"))).run
    assert run.error == "bad\ufffdbytes"


@given(cut=st.integers(0, 8))
async def test_batches_may_be_cut_anywhere(cut: int) -> None:
    events: list[Event] = [
        CREATED,
        fired(),
        REQUESTED,
        STARTED,
        interrupted(final=False),
        RunStarted(run_id=RUN, attempt=2, runner="r"),
        ended(),
        ScheduleDeleted(schedule_id=ID, name="nightly"),
    ]
    rows = await logged(*events)
    whole, first = folded(rows), folded(rows[:cut])
    second_batch = folded(rows[cut:], first)
    assert second_batch.schedules == whole.schedules
    assert second_batch.runs == whole.runs
    assert first.dirty_runs | second_batch.dirty_runs == whole.dirty_runs == {RUN}
    assert first.dirty_schedules | second_batch.dirty_schedules == {ID}
