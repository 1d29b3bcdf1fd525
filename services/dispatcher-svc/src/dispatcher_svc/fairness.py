"""Who goes next when a place becomes free.

Of the users with a waiting run that fits: the least recently admitted, then by user id; of that
user the oldest that fits. Runs of one user that need the same places form a line. Each line
watches one limit that is full, so a freed place is offered only to the lines that watch it, and
nobody who fits is ever overlooked: a line without a full limit would have been admitted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from typing import TypeAlias
from uuid import UUID

from dispatcher_svc.limits import Occupancy, Place, Places


@dataclass(slots=True)
class Turns:
    """When each user's latest run was admitted, counted in admissions; 0 is never."""

    last: dict[str, int] = field(default_factory=dict[str, int])
    count: int = 0

    def admitted(self, owner: str) -> None:
        self.count += 1
        self.last[owner] = self.count

    def of(self, owner: str) -> int:
        return self.last.get(owner, 0)


@dataclass(frozen=True, slots=True)
class Waiter:
    """A waiting run: where it came in the log, whose it is, what it needs."""

    position: int
    run_id: UUID
    owner: str
    places: Places


Line: TypeAlias = tuple[str, Places]
Head: TypeAlias = tuple[int, str, int, Line, Place]
"""The first of a line, in the order of fairness: turn, user, position."""


@dataclass(slots=True)
class Watched:
    """The lines that watch one limit: users by turn, and for each user its lines by age."""

    users: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    lines: dict[str, list[tuple[int, Line]]] = field(
        default_factory=dict[str, list[tuple[int, Line]]]
    )


class Queue:
    """The waiting runs, ready to be asked who goes next."""

    def __init__(self, occupancy: Occupancy, turns: Turns) -> None:
        self._occupancy, self._turns = occupancy, turns
        self._lines: dict[Line, list[tuple[int, UUID]]] = {}
        self._waiting: set[UUID] = set()
        self._watched: dict[Place, Watched] = {}
        self._freed: dict[Place, None] = {}

    def add(self, waiter: Waiter) -> None:
        """Into its line, by its position."""
        line = (waiter.owner, waiter.places)
        self._waiting.add(waiter.run_id)
        standing = self._lines.setdefault(line, [])
        heappush(standing, (waiter.position, waiter.run_id))
        if len(standing) == 1:
            self._watch(line)

    def withdraw(self, run_id: UUID) -> None:
        """It waits no more; it is passed by when its turn comes."""
        self._waiting.discard(run_id)

    def freed(self, places: Iterable[Place]) -> None:
        """These limits have a place again, which `next` offers."""
        self._freed.update(dict.fromkeys(places))

    def next(self) -> UUID | None:
        """The run to admit now, or None; ask again once it has taken its places."""
        while (head := self._first()) is not None:
            _, owner, _, line, place = head
            heappop(self._watched[place].lines[owner])
            if not self._occupancy.full(line[1]):
                return self._leave(line)
            self._watch(line)
        self._freed.clear()
        return None

    def _first(self) -> Head | None:
        heads = [
            head
            for place in self._freed
            if self._occupancy.has_room(place) and (head := self._head(place)) is not None
        ]
        return min(heads, default=None)

    def _head(self, place: Place) -> Head | None:
        """The first of those that watch `place`, after putting what changed in order."""
        watched = self._watched.get(place)
        while watched is not None and watched.users:
            turn, owner = watched.users[0]
            lines = watched.lines[owner]
            if not lines:
                heappop(watched.users)
                del watched.lines[owner]
            elif turn != (now := self._turns.of(owner)):
                heapreplace(watched.users, (now, owner))
            elif self._settled(lines):
                return (turn, owner, *lines[0], place)
        self._watched.pop(place, None)
        return None

    def _settled(self, lines: list[tuple[int, Line]]) -> bool:
        """Whether the eldest line still begins where it is filed; else it is filed anew."""
        position, line = lines[0]
        standing = self._lines[line]
        while standing and standing[0][1] not in self._waiting:
            heappop(standing)
        if standing and standing[0][0] == position:
            return True
        if standing:
            heapreplace(lines, (standing[0][0], line))
        else:
            heappop(lines)
            del self._lines[line]
        return False

    def _leave(self, line: Line) -> UUID:
        """The first of the line goes; the rest watches again, for now the limit it came by."""
        standing = self._lines[line]
        _, run_id = heappop(standing)
        self._waiting.discard(run_id)
        if standing:
            self._watch(line)
        else:
            del self._lines[line]
        return run_id

    def _watch(self, line: Line) -> None:
        """File the line under a limit that is full; where none is, it is offered at once."""
        owner, places = line
        full = self._occupancy.full(places)
        place = full[0] if full else places[0]
        if not full:
            self._freed[place] = None
        watched = self._watched.setdefault(place, Watched())
        if owner not in watched.lines:
            watched.lines[owner] = []
            heappush(watched.users, (self._turns.of(owner), owner))
        heappush(watched.lines[owner], (self._lines[line][0][0], line))
