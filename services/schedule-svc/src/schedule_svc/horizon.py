"""The schedules due soon, in memory: a heap by instant. Only a hint; the log decides.

What is beyond the horizon is forgotten and read again when it comes near, so memory does not grow
with the number of schedules. The last version seen is kept a while, so that a row which lags
behind does not bring back an instant that was answered.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Final
from uuid import UUID

from schedule_svc.state import Timing

_LATE: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Entry:
    """One schedule's timing, and whose it is."""

    owner: str
    timing: Timing


class Horizon:
    """`changed` is set when what was offered is due before all else."""

    def __init__(self) -> None:
        self._entries: dict[UUID, Entry] = {}
        self._fresh = set[UUID]()
        self._heap: list[tuple[datetime, UUID, int]] = []
        self._late: deque[Entry] = deque()
        self.changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._entries)

    def knows(self, schedule_id: UUID, version: int) -> bool:
        """Whether this version of the schedule, or a later one, was offered already."""
        known = self._entries.get(schedule_id)
        return known is not None and known.timing.version >= version

    def get(self, schedule_id: UUID) -> Entry | None:
        return self._entries.get(schedule_id)

    def holds(self, entry: Entry) -> bool:
        """Whether nothing newer is known of this schedule."""
        return self._is_last_version(entry.timing.schedule_id, entry.timing.version)

    def offer(self, entry: Entry) -> None:
        """Take a newer version in; an older or the same one changes nothing."""
        timing = entry.timing
        if not self.knows(timing.schedule_id, timing.version):
            self._put(entry)

    def put_back(self, entries: list[Entry]) -> None:
        """What was taken could not be answered; it is still due."""
        for entry in entries:
            if self.holds(entry):
                self._put(entry)

    def drop(self, schedule_id: UUID) -> None:
        self._entries.pop(schedule_id, None)

    def first(self) -> datetime | None:
        """When the soonest is due, or was."""
        while self._late and not self.holds(self._late[0]):
            self._late.popleft()
        while self._heap and not self._is_last_version(*self._heap[0][1:]):
            heappop(self._heap)
        late = [entry.timing.next for entry in [*self._late][:1] if entry.timing.next]
        return min([*late, *(place[0] for place in self._heap[:1])], default=None)

    def take(self, now: datetime, most: int, ahead: timedelta = timedelta(0)) -> list[Entry]:
        """What is due within `ahead`: the punctual first, the late fill what room is left."""
        taken = list[Entry]()
        while len(taken) < most and self._heap and self._heap[0][0] <= now + ahead:
            due, schedule_id, version = heappop(self._heap)
            if self._is_last_version(schedule_id, version):
                (self._late if now - due > _LATE else taken).append(self._entries[schedule_id])
        while len(taken) < most and self._late:
            entry = self._late.popleft()
            if self.holds(entry):
                taken.append(entry)
        return taken

    def forget(self, until: datetime) -> None:
        """Let go of all that is due after `until`, unless it came since the last time."""
        self._entries = {
            schedule_id: entry
            for schedule_id, entry in self._entries.items()
            if schedule_id in self._fresh or _due_by(entry, until)
        }
        self._fresh.clear()
        self._heap = [place for place in self._heap if self._is_last_version(*place[1:])]
        heapify(self._heap)

    def _is_last_version(self, schedule_id: UUID, version: int) -> bool:
        known = self._entries.get(schedule_id)
        return known is not None and known.timing.version == version

    def _put(self, entry: Entry) -> None:
        timing = entry.timing
        self._entries[timing.schedule_id] = entry
        self._fresh.add(timing.schedule_id)
        if timing.next is not None:
            heappush(self._heap, (timing.next, timing.schedule_id, timing.version))
            if self._heap[0][1] == timing.schedule_id:
                self.changed.set()


def _due_by(entry: Entry, until: datetime) -> bool:
    return entry.timing.next is not None and entry.timing.next <= until
