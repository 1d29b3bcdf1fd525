"""Which answers are still owed, as the events pass by: one link per schedule, one line per run."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

from contracts.events.run import RunInterrupted
from contracts.events.schedule import (
    OccurrencesMissed,
    ScheduleCreated,
    ScheduleDeleted,
    ScheduleToggled,
    ScheduleTriggered,
    ScheduleUpdated,
)
from contracts.ids import instant_text
from eventlog.audit.chain import Link, complaints, following
from eventlog.store import Row

ANSWERED_WITHIN: Final = timedelta(minutes=1)
ENDED_WITHIN: Final = timedelta(hours=3)
SCHEDULE: Final = (
    ScheduleCreated,
    ScheduleUpdated,
    ScheduleToggled,
    ScheduleTriggered,
    OccurrencesMissed,
    ScheduleDeleted,
)
ENDS: Final = ("RunCompleted", "RunCancelled")
_MILLISECOND: Final = timedelta(milliseconds=1)

Stage: TypeAlias = Literal["triggered", "queued", "requested"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and the event that shows it."""

    position: int
    stream: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Owed:
    """What has no answer yet, and the event since which."""

    position: int
    since: datetime


@dataclass(frozen=True, slots=True)
class _Run(_Owed):
    stage: Stage


@dataclass(frozen=True, slots=True)
class _Chain(_Owed):
    link: Link | None


@dataclass(slots=True)
class Ledger:
    """Enter every event in order, then close. `only` leaves out other schedules and their runs."""

    only: UUID | None = None
    chains: dict[str, _Chain] = field(default_factory=dict[str, _Chain])
    runs: dict[str, _Run] = field(default_factory=dict[str, _Run])
    answers: Counter[str] = field(default_factory=Counter[str])
    findings: list[Finding] = field(default_factory=list[Finding])
    fired: int = 0
    missed: int = 0

    def enter(self, row: Row) -> None:
        category, _, name = row.stream.partition("-")
        if category == "schedule" and (self.only is None or str(self.only) == name):
            self._schedule(row)
        elif category == "run" and (self.only is None or row.stream in self.runs):
            self._run(row)

    def open(self) -> dict[str, int]:
        """How many runs are open, by stage."""
        return dict(sorted(Counter(run.stage for run in self.runs.values()).items()))

    def close(self, at: datetime) -> None:
        """Nothing more comes: what has been owed for too long at `at` is wrong."""
        for stream, run in self.runs.items():
            age, late = at - run.since, run.stage == "triggered"
            if age > (ANSWERED_WITHIN if late else ENDED_WITHIN):
                why = "no answer" if late else f"{run.stage}, no end"
                self._wrong(run.position, stream, f"{why} since {instant_text(run.since)}")
        for stream, chain in self.chains.items():
            due = chain.link.next if chain.link else None
            if due is not None and at - due > ANSWERED_WITHIN:
                self._wrong(chain.position, stream, f"{instant_text(due)} was due, no answer")

    def _schedule(self, row: Row) -> None:
        envelope = row.decoded()
        event, before = envelope.data, self.chains.get(row.stream)
        if not isinstance(event, SCHEDULE):
            return
        for detail in complaints(before and before.link, event, envelope.time):
            self._wrong(row.position, row.stream, detail)
        self.chains[row.stream] = _Chain(row.position, row.recorded_at, following(event))
        if isinstance(event, OccurrencesMissed):
            self.missed += event.count
        elif isinstance(event, ScheduleTriggered):
            self._triggered(row, event)

    def _triggered(self, row: Row, event: ScheduleTriggered) -> None:
        self.fired += 1
        early = (event.due - row.recorded_at) / _MILLISECOND
        if early > 0:
            self._wrong(row.position, row.stream, f"recorded {early:.3f} ms before it was due")
        stream = f"run-{event.run_id}"
        if stream in self.runs:
            self._wrong(row.position, row.stream, f"run {event.run_id} is triggered twice")
        self.runs[stream] = _Run(row.position, row.recorded_at, "triggered")

    def _run(self, row: Row) -> None:
        match row.type:
            case "RunQueued":
                self._answered(row, ("triggered",), "queued")
            case "RunRequested":
                self._answered(row, ("triggered", "queued"), "requested")
            case "RunSkipped":
                self._answered(row, ("triggered", "queued"), None)
            case "RunInterrupted":
                event = row.event
                if isinstance(event, RunInterrupted) and event.final:
                    self._answered(row, ("requested",), None)
            case type_ if type_ in ENDS:
                self._answered(row, ("requested",), None)
            case _:
                return

    def _answered(self, row: Row, at: tuple[Stage, ...], then: Stage | None) -> None:
        run = self.runs.get(row.stream)
        self.answers[row.type] += 1
        if run is None:
            why = "without a trigger" if row.version == 1 else "after the run's end"
            self._wrong(row.position, row.stream, f"{row.type} {why}")
        elif run.stage not in at:
            self._wrong(row.position, row.stream, f"{row.type} of a run that is {run.stage}")
        elif then is None:
            del self.runs[row.stream]
        else:
            self.runs[row.stream] = _Run(row.position, row.recorded_at, then)

    def _wrong(self, position: int, stream: str, detail: str) -> None:
        self.findings.append(Finding(position, stream, detail))
