"""What happens to instants that were not answered in time: fire, coalesce, or miss. Pure.

The latest due instant fires while it is nearer to its own time than to the next one, and in any
case up to five minutes late; the earlier ones are coalesced into it. Beyond that all are late.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from contracts.events.schedule import MissReason

_AT_LEAST: Final = timedelta(minutes=5)
_OF_THE_LAST: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Missed:
    """Instants that get no run, all for one reason."""

    instants: tuple[datetime, ...]
    reason: MissReason
    into: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """In order: first those that are missed, then the one that fires."""

    missed: Missed | None
    fires: datetime | None


def grace(nominal: datetime, following: datetime | None) -> timedelta:
    """How late an instant may still fire, given the one that follows it."""
    if following is None:
        return _OF_THE_LAST
    return max(_AT_LEAST, (following - nominal) / 2)


def judge(
    due: Sequence[datetime], latest: datetime, following: datetime | None, now: datetime
) -> Verdict:
    """Answers for the oldest `due` instants, where `latest` is the last due of all.

    `latest` stands at the end of `due`, unless there are more than are answered at once.
    """
    if now - latest > grace(latest, following):
        return Verdict(Missed(tuple(due), "late"), None)
    *earlier, last = due
    if last != latest:
        return Verdict(Missed(tuple(due), "coalesced", latest), None)
    return Verdict(Missed(tuple(earlier), "coalesced", latest) if earlier else None, latest)
