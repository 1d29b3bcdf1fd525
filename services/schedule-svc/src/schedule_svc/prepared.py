"""Ticks ready to be appended: decided and encoded before their instant, since they hold nothing of
the moment they are recorded in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from contracts.events.schedule import ScheduleTriggered
from contracts.ids import occurrence_id
from eventlog.execute import Cause, append_of
from eventlog.store import Append
from schedule_svc import answers
from schedule_svc.answers import Moment
from schedule_svc.horizon import Entry
from schedule_svc.occurrences.zones import TZDATA
from schedule_svc.state import Timing, after

ACTOR: Final = "service:schedule-svc"
SOURCE: Final = "/schedule-svc"
_KEEPS: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Ready:
    """A due schedule, what its instants are answered, and its timing afterwards."""

    entry: Entry
    due: datetime
    events: tuple[answers.Answer, ...]
    append: Append
    timing: Timing

    def holds(self, now: datetime) -> bool:
        """Whether it would be decided the same at `now`: neither late nor to be coalesced."""
        following = self.timing.next
        return now - self.due < _KEEPS and (following is None or following > now)


def prepared(entry: Entry, now: datetime) -> Ready:
    """The answer at `now`, or at the instant itself while that lies ahead."""
    timing, cursor = entry.timing, entry.timing.next
    assert cursor is not None, "only what has a next instant is due"
    at = Moment(now=max(now, cursor), tzdata=TZDATA)
    decided = answers.tick(at, timing)
    fired = decided[-1] if isinstance(decided[-1], ScheduleTriggered) else None
    first = (
        fired.run_id
        if fired and fired.nominal == cursor
        else occurrence_id(timing.schedule_id, cursor)
    )
    cause = Cause(
        key=f"tick:{first}",
        source=SOURCE,
        actor=ACTOR,
        time=fired.due if fired else at.now,
        correlation=fired.run_id if fired else first,
        owner=entry.owner,
    )
    append = append_of(f"schedule-{timing.schedule_id}", timing.version, decided, cause)
    for event in decided:
        timing = after(timing, event)
    return Ready(entry, cursor, tuple(decided), append, timing)
