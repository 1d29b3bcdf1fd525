"""Whether a tick may start beside the runs its schedule already has, running or waiting.

Under `skip` a tick gives way to any of them. A manual trigger never does: it waits its turn.
"""

from dataclasses import dataclass, field
from uuid import UUID

from contracts.events.schedule import Cause


@dataclass(slots=True)
class Going:
    """The runs of each schedule that have been admitted or queued and have not ended."""

    runs: dict[UUID, dict[UUID, None]] = field(default_factory=dict[UUID, dict[UUID, None]])

    def join(self, schedule_id: UUID, run_id: UUID) -> None:
        self.runs.setdefault(schedule_id, {})[run_id] = None

    def leave(self, schedule_id: UUID, run_id: UUID) -> None:
        runs = self.runs.get(schedule_id, {})
        runs.pop(run_id, None)
        if not runs:
            self.runs.pop(schedule_id, None)

    def of(self, schedule_id: UUID) -> tuple[UUID, ...]:
        """Those of one schedule, in the order in which they were let in."""
        return tuple(self.runs.get(schedule_id, ()))

    def first(self, schedule_id: UUID) -> UUID | None:
        return next(iter(self.runs.get(schedule_id, ())), None)


def in_way(cause: Cause, schedule_id: UUID, going: Going) -> UUID | None:
    """The run for which a firing of this cause is skipped, or None."""
    return going.first(schedule_id) if cause == "clock" else None
