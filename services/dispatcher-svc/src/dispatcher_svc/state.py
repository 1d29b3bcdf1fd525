"""What the dispatcher knows: a fold over schedules, triggers, and the runs let in, until they end.

A decision changes it the same way whether it was just made or is read back from the log.
"""

from dataclasses import dataclass, field, replace
from uuid import UUID

from contracts.actions import Action, Resolved
from contracts.events.run import Origin, RunQueued, RunRequested, RunSkipped, SkipReason
from contracts.events.schedule import (
    Definition,
    ScheduleDeleted,
    ScheduleToggled,
    ScheduleTriggered,
)
from contracts.events.system import DispatcherStarted
from contracts.inventory import Inventory, Unresolvable
from dispatcher_svc.fairness import Queue, Turns, Waiter
from dispatcher_svc.limits import Occupancy, Places, places_of
from dispatcher_svc.overlap import Going
from eventlog.process import Recorded


@dataclass(frozen=True, slots=True)
class Known:
    """A schedule: `version` is that of the event which set its definition."""

    name: str = ""
    version: int = 0
    action: Action | None = None
    enabled: bool = False
    deleted: bool = True


@dataclass(frozen=True, slots=True)
class Due:
    """A run that was asked for: its schedule as it was then, and what barred it then already."""

    run_id: UUID
    trigger: Recorded
    origin: Origin
    action: Action | None
    barred: SkipReason | None

    @property
    def owner(self) -> str:
        return self.trigger.owner or ""

    @property
    def ticked(self) -> bool:
        return self.origin.triggered_by == "schedule"


@dataclass(frozen=True, slots=True)
class Running:
    schedule_id: UUID
    places: Places


@dataclass(slots=True)
class Admission:
    """`due` has no answer yet, `waiting` was queued, `running` was requested and has not ended."""

    inventory: Inventory = field(default_factory=Inventory)
    schedules: dict[UUID, Known] = field(default_factory=dict[UUID, Known])
    due: dict[UUID, Due] = field(default_factory=dict[UUID, Due])
    waiting: dict[UUID, Due] = field(default_factory=dict[UUID, Due])
    running: dict[UUID, Running] = field(default_factory=dict[UUID, Running])
    going: Going = field(default_factory=Going)
    occupancy: Occupancy = field(default_factory=Occupancy)
    turns: Turns = field(default_factory=Turns)
    _queue: Queue | None = field(default=None, compare=False)
    _read: dict[UUID, tuple[Action, Resolved | Unresolvable]] = field(
        default_factory=dict[UUID, tuple[Action, Resolved | Unresolvable]], compare=False
    )

    @property
    def queue(self) -> Queue:
        """Who waits, in order; made when it is first asked for, so that a plain fold is cheap."""
        if self._queue is None:
            self._queue = Queue(self.occupancy, self.turns)
            for due in self.waiting.values():
                self._line_up(due, self._queue)
        return self._queue

    def resolved(self, due: Due) -> Resolved | Unresolvable:
        """What the run would execute with the present inventory, or why it cannot."""
        schedule_id, action = due.origin.schedule_id, due.action
        if action is None:
            return Unresolvable("action", "Nothing to execute")
        known = self._read.get(schedule_id)
        if known is None or known[0] is not action:
            known = self._read[schedule_id] = (action, self._resolve(action))
        return known[1]

    def barred(self, due: Due) -> SkipReason | None:
        """Why a run not yet admitted may not start any more, if so."""
        schedule = self.schedules[due.origin.schedule_id]
        if schedule.deleted:
            return "deleted"
        return due.barred or ("disabled" if due.ticked and not schedule.enabled else None)

    def started(self, event: DispatcherStarted) -> None:
        self.occupancy.limits, self.inventory = event.limits, event.inventory
        self._read.clear()
        self._queue = None

    def defined(self, schedule_id: UUID, of: Definition, version: int, enabled: bool) -> None:
        self.schedules[schedule_id] = Known(of.name, version, of.action, enabled, deleted=False)

    def toggled(self, event: ScheduleToggled) -> None:
        known = self.schedules[event.schedule_id]
        self.schedules[event.schedule_id] = replace(known, enabled=event.enabled)

    def deleted(self, event: ScheduleDeleted) -> None:
        known = self.schedules[event.schedule_id]
        self.schedules[event.schedule_id] = Known(known.name, known.version)
        self._read.pop(event.schedule_id, None)

    def triggered(self, trigger: Recorded, event: ScheduleTriggered) -> None:
        """A run is due, unless it is known already."""
        if event.run_id in self.running or event.run_id in self.waiting:
            return
        schedule = self.schedules.setdefault(event.schedule_id, Known())
        ticked = event.cause == "clock"
        origin = Origin(
            schedule_id=event.schedule_id,
            schedule_name=schedule.name,
            schedule_version=schedule.version,
            triggered_by="schedule" if ticked else "manual",
            nominal=event.nominal,
        )
        disabled = ticked and not schedule.enabled and not schedule.deleted
        barred: SkipReason | None = "disabled" if disabled else None
        self.due[event.run_id] = Due(event.run_id, trigger, origin, schedule.action, barred)

    def requested(self, owner: str, event: RunRequested) -> None:
        self._answered(event.run_id)
        places = places_of(owner, event.origin.schedule_id, event.action)
        self.running[event.run_id] = Running(event.origin.schedule_id, places)
        self.going.join(event.origin.schedule_id, event.run_id)
        self.occupancy.take(places)
        self.turns.admitted(owner)

    def queued(self, event: RunQueued) -> None:
        due = self.due.pop(event.run_id, None)
        if due is None:
            return
        self.waiting[event.run_id] = due
        self.going.join(event.origin.schedule_id, event.run_id)
        if self._queue is not None:
            self._line_up(due, self._queue)

    def skipped(self, event: RunSkipped) -> None:
        self._answered(event.run_id)
        self.going.leave(event.origin.schedule_id, event.run_id)

    def ended(self, run_id: UUID) -> None:
        run = self.running.pop(run_id, None)
        if run is None:
            return
        self.going.leave(run.schedule_id, run_id)
        self.occupancy.free(run.places)
        if self._queue is not None:
            self._queue.freed(run.places)

    def _answered(self, run_id: UUID) -> None:
        self.due.pop(run_id, None)
        if self.waiting.pop(run_id, None) is not None and self._queue is not None:
            self._queue.withdraw(run_id)

    def _line_up(self, due: Due, queue: Queue) -> None:
        action = self.resolved(due)
        if isinstance(action, Resolved):
            places = places_of(due.owner, due.origin.schedule_id, action)
            queue.add(Waiter(due.trigger.position, due.run_id, due.owner, places))

    def _resolve(self, action: Action) -> Resolved | Unresolvable:
        try:
            return self.inventory.resolve(action)
        except Unresolvable as gone:
            return gone
