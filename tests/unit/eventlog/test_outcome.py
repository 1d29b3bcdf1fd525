"""The outcome audit: a sound history passes, and each way to break it is found where it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.actions import Resolved
from contracts.events import Event
from contracts.events.run import (
    Origin,
    RunCompleted,
    RunInterrupted,
    RunQueued,
    RunRequested,
    RunSkipped,
    RunStarted,
)
from contracts.events.schedule import ScheduleDeleted
from contracts.ids import occurrence_id
from eventlog.audit.outcome import Verdict, outcome
from eventlog.execute import Cause, append_of
from eventlog.memory import MemoryLog
from eventlog.store import NEW
from one_schedule import (
    DAILY,
    HOUR,
    ID,
    MINUTE,
    NINE,
    RUN,
    by_hand,
    created,
    definition,
    fired,
    missed,
    toggled,
    updated,
)

TEN, ELEVEN, NOON = NINE + HOUR, NINE + 2 * HOUR, NINE + 3 * HOUR
FIRST = occurrence_id(ID, TEN)
ORIGIN = Origin(
    schedule_id=ID,
    schedule_name="Lateness",
    schedule_version=1,
    triggered_by="schedule",
    nominal=TEN,
)
ACTION = Resolved(
    kind="benchmark", text="x", targets=(), max_tokens=1, temperature=0, timeout_seconds=60
)


class History:
    """A log that is written at the times given."""

    def __init__(self) -> None:
        self._at, self._count = NINE, 0
        self.log = MemoryLog(clock=lambda: self._at)

    async def add(self, at: datetime, *events: Event, decided: datetime | None = None) -> None:
        self._at = at
        for event in events:
            self._count += 1
            run_id = event.model_dump()["run_id"] if event.type.startswith("Run") else None
            stream = f"run-{run_id}" if run_id else f"schedule-{ID}"
            cause = Cause(
                key=str(self._count),
                source="/tests",
                actor="tests",
                time=decided or at,
                correlation=ID,
            )
            version = len(await self.log.stream(stream)) or NEW
            answer = await self.log.append(append_of(stream, version, [event], cause))
            assert answer.status == "ok"


def requested(run_id: UUID = FIRST) -> RunRequested:
    return RunRequested(run_id=run_id, origin=ORIGIN, action=ACTION)


def skipped(run_id: UUID = FIRST) -> RunSkipped:
    return RunSkipped(run_id=run_id, origin=ORIGIN, reason="overlap", detail="one is running")


def queued(run_id: UUID = FIRST) -> RunQueued:
    return RunQueued(run_id=run_id, origin=ORIGIN, waits_for=("user",))


def completed(run_id: UUID = FIRST) -> RunCompleted:
    return RunCompleted(run_id=run_id, attempt=1, outcome="succeeded")


def interrupted(*, final: bool) -> RunInterrupted:
    return RunInterrupted(run_id=FIRST, attempt=1, runner="r", reason="lost", owed=(), final=final)


Steps = Sequence[tuple[datetime, Event]]
TICK = (TEN, fired(TEN, ELEVEN))
OFF = toggled(False, None, TEN + MINUTE)
FIRED: Steps = [(NINE, created()), TICK]
DONE: Steps = [*FIRED, (TEN, requested()), (TEN + MINUTE, completed())]


async def audited(steps: Steps, **options: Any) -> Verdict:
    history = History()
    for at, event in steps:
        await history.add(at, event)
    return await outcome(history.log, **options)


@pytest.mark.parametrize(
    "steps",
    [
        [],
        DONE,
        [*FIRED, (TEN, queued()), (TEN, requested()), (TEN + HOUR, completed())],
        [*FIRED, (TEN, queued()), (TEN, skipped())],
        [*FIRED, (TEN, skipped())],
        [*FIRED, (TEN, requested()), (TEN, interrupted(final=False)), (TEN, completed())],
        [*FIRED, (TEN, requested()), (TEN, interrupted(final=True))],
        [*FIRED, (TEN + 30 * timedelta(seconds=1), OFF)],
        [(NINE, created()), (ELEVEN, missed([TEN, ELEVEN], "late", NOON))],
        [*DONE, (TEN + MINUTE, by_hand(TEN + MINUTE, TEN + HOUR + MINUTE, epoch=TEN + MINUTE))],
        [*DONE, (TEN + MINUTE, updated(definition(name="b"), ("name",), next=ELEVEN))],
        [*DONE, (TEN + MINUTE, updated(definition(DAILY), ("spec",), next=NINE + 24 * HOUR))],
        [*DONE, (TEN + MINUTE, OFF), (NOON, toggled(True, NOON + HOUR, NOON))],
        [*DONE, (TEN + MINUTE, ScheduleDeleted(schedule_id=ID, name="x"))],
    ],
)
async def test_a_sound_history_is_proven(steps: Steps) -> None:
    verdict = await audited(steps)
    assert verdict.findings == ()
    assert verdict.good


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([(NINE, created()), (ELEVEN, fired(ELEVEN, NOON))], "next"),
        ([*DONE, (ELEVEN, fired(TEN, NOON))], "next"),
        ([*FIRED, (TEN, fired(TEN, ELEVEN))], "triggered twice"),
        ([(NINE, created()), (TEN - timedelta(milliseconds=1), TICK[1])], "1.000 ms before"),
        ([(NINE, created()), (TEN, fired(TEN, ELEVEN, run_id=RUN))], "not the occurrence"),
        ([(NINE, created()), (ELEVEN, OFF)], "was due and is passed over"),
        (
            [(NINE, created()), (TEN, ScheduleDeleted(schedule_id=ID, name="x"))],
            "was due and is passed over",
        ),
        (
            [(NINE, created()), (TEN, updated(definition(DAILY), ("spec",), next=NOON))],
            "was due and is passed over",
        ),
        (
            [(NINE, created()), (TEN, by_hand(TEN, ELEVEN, epoch=TEN))],
            "was due and is passed over",
        ),
        (
            [*DONE, (TEN, updated(definition(name="b"), ("name",), next=NOON))],
            "without a new timing",
        ),
        ([*DONE, (TEN, toggled(True, TEN, TEN))], "does not follow"),
        ([(NINE, created()), (ELEVEN, missed([TEN], "late", TEN))], "does not follow"),
        (
            [(NINE, created()), (ELEVEN, missed([TEN], "late", NOON, count=2))],
            "not those counted",
        ),
        (
            [(NINE, created()), (ELEVEN, missed([TEN], "late", NOON, instants_sha256="0"))],
            "do not have their hash",
        ),
        ([(NINE, created()), (NINE, created())], "created twice"),
        ([TICK], "does not exist"),
        ([(TEN, requested())], "RunRequested without a trigger"),
        ([(TEN, skipped())], "RunSkipped without a trigger"),
        ([*DONE, (TEN + MINUTE, requested())], "RunRequested after the run's end"),
        ([*DONE, (TEN + MINUTE, completed())], "RunCompleted after the run's end"),
        ([*FIRED, (TEN, requested()), (TEN, requested())], "that is requested"),
        ([*FIRED, (TEN, requested()), (TEN, skipped())], "that is requested"),
        ([*FIRED, (TEN, queued()), (TEN, completed())], "that is queued"),
        ([*FIRED, (TEN + 2 * MINUTE, OFF)], "no answer since"),
        ([*FIRED, (TEN, requested()), (TEN + 4 * HOUR, OFF)], "requested, no end since"),
        ([*FIRED, (TEN, queued()), (TEN + 4 * HOUR, OFF)], "queued, no end since"),
        (
            [
                (NINE, created()),
                (TEN + 2 * MINUTE, RunStarted(run_id=RUN, attempt=1, runner="other")),
            ],
            "was due, no answer",
        ),
    ],
)
async def test_a_broken_history_is_found(steps: Steps, why: str) -> None:
    verdict = await audited(steps)
    assert not verdict.good
    assert why in " / ".join(finding.detail for finding in verdict.findings)


async def test_what_is_open_is_counted_and_not_yet_wrong() -> None:
    verdict = await audited([*FIRED, (TEN, requested())])
    assert (verdict.good, verdict.open) == (True, {"requested": 1})


async def test_it_counts_what_it_saw() -> None:
    verdict = await audited([*DONE, (NOON, missed([ELEVEN, NOON], "late", NOON + HOUR))])
    assert (verdict.schedules, verdict.fired, verdict.missed, verdict.to) == (1, 1, 2, 5)
    assert verdict.answers == {"RunCompleted": 1, "RunRequested": 1}


async def test_another_version_of_tzdata_may_move_the_next_instant() -> None:
    moved = fired(ELEVEN, NOON).model_copy(update={"tzdata": "2027a"})
    verdict = await audited([(NINE, created()), (ELEVEN, moved)])
    assert verdict.good


async def test_an_edit_decided_just_before_an_instant_may_be_recorded_after_it() -> None:
    history = History()
    await history.add(NINE, created())
    moment = timedelta(milliseconds=1)
    off = toggled(False, None, TEN - moment)
    await history.add(TEN + moment, off, decided=TEN - moment)
    assert (await outcome(history.log)).good


async def test_only_what_was_asked_for_is_judged() -> None:
    broken = [(TEN, requested(RUN)), *FIRED, (TEN, skipped())]
    assert not (await audited(broken)).good
    assert (await audited(broken, schedule=ID)).good
    assert (await audited(broken, from_=2)).good
    assert (await audited([*DONE, (TEN, completed())], to=4)).good
