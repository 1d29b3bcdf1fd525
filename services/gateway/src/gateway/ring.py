"""The last frames of the log, ready to send: a client that was away a moment needs no query.

A frame is made once per event and its text goes to everybody who may see it.
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from uuid import UUID

from contracts.ids import instant_text
from eventlog.store import Row


class Gap(Exception):
    """A frame does not follow the one before it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as clients get it; `owner` is null for what is nobody's own."""

    position: int
    owner: str | None
    text: str


def frame_of(log_id: UUID, row: Row) -> Frame:
    """What the log adds goes in front of the event's exact bytes."""
    head = (
        f'{{"logid":"{log_id}","position":{row.position},"version":{row.version},'
        f'"recordedat":"{instant_text(row.recorded_at)}","event":'
    )
    return Frame(row.position, row.owner, f"{head}{row.body.decode()}}}")


class Ring:
    """The frames of the positions `first`..`last`, without a gap, up to a number and a size."""

    def __init__(self, after: int, max_frames: int, max_bytes: int) -> None:
        self.first, self.last = after + 1, after
        self._max_frames, self._max_bytes = max_frames, max_bytes
        self._all: deque[Frame] = deque()
        self._of: defaultdict[str | None, deque[Frame]] = defaultdict(deque)
        self._bytes = 0

    def add(self, frame: Frame) -> None:
        """Take the next frame, and forget the oldest ones that have no room. Raises Gap."""
        if frame.position != self.last + 1:
            raise Gap(f"{frame.position} after {self.last}")
        self._all.append(frame)
        self._of[frame.owner].append(frame)
        self._bytes += len(frame.text)
        self.last = frame.position
        while len(self._all) > self._max_frames or self._bytes > self._max_bytes:
            self._forget()

    def holds(self, after: int) -> bool:
        """Whether everything after this position is still here."""
        return after >= self.first - 1

    def after(self, position: int, owner: str) -> list[Frame]:
        """The owner's frames after a position that `holds`, in order."""
        found = list[Frame]()
        for frame in reversed(self._of.get(owner, ())):
            if frame.position <= position:
                break
            found.append(frame)
        found.reverse()
        return found

    def _forget(self) -> None:
        oldest = self._all.popleft()
        self._bytes -= len(oldest.text)
        self.first = oldest.position + 1
        own = self._of[oldest.owner]
        own.popleft()
        if not own:
            del self._of[oldest.owner]
