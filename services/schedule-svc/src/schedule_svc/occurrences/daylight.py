"""What a clock change does to wall times: gaps where they do not exist, overlaps where twice.

Stretches of constant offset are walked in UTC order; within one, wall arithmetic is plain. Walking
wall times and converting each instead would not be in UTC order around a change.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from schedule_svc.occurrences.wall import WallTimes
from schedule_svc.occurrences.zones import Change, Span, span

_MINUTE: Final = timedelta(minutes=1)
_MOMENT: Final = timedelta(microseconds=1)
_NEAR: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Policy:
    """`gap`: all vanished times fold into the first whole minute after it. `overlap`: the first
    of two counts. `wildcards`: those specs match physical time and obey neither."""

    gap: Literal["at_gap_end"]
    overlap: Literal["first"]
    wildcards: Literal["exempt"]


DEBIAN: Final = Policy(gap="at_gap_end", overlap="first", wildcards="exempt")


def next_instant(
    times: WallTimes, zone: str, after: datetime, policy: Policy = DEBIAN
) -> datetime | None:
    """The first instant of `times` in `zone` later than `after` (both in UTC), none in 41 years."""
    after = after.replace(tzinfo=None)
    obeys = not (times.wildcard and policy.wildcards == "exempt")
    here, at = span(zone, after), after
    if here.since and after - here.since.at < _MINUTE:  # the gap's whole minute may lie ahead
        at = here.since.at - _MOMENT
        here = span(zone, at)
    found = _next(times, zone, at, here, obeys)
    while found is not None and found <= after:
        found = _next(times, zone, found, span(zone, found), obeys)
    return found and found.replace(tzinfo=UTC)


def _next(times: WallTimes, zone: str, at: datetime, here: Span, obeys: bool) -> datetime | None:
    while (wall := times.next_after(_floor(here, at, obeys))) is not None:
        instant, change = wall - here.offset, here.until
        if instant - at > _NEAR and (change is None or change.at - at > _NEAR):
            at = instant - _NEAR  # nothing matches up to there, whatever the clock does
            here = span(zone, at)
        elif change is None or instant < change.at:
            return instant
        elif obeys and wall < change.at + change.after:
            return _gap_end(change)
        else:
            at, here = change.at - _MOMENT, span(zone, change.at)
    return None


def _floor(here: Span, at: datetime, obeys: bool) -> datetime:
    """The wall time after which to look; a repeated hour's times have been shown before."""
    wall = at + here.offset
    if here.since is None or not obeys:
        return wall
    return max(wall, here.since.at + here.since.before - _MOMENT)


def _gap_end(change: Change) -> datetime:
    wall = change.at + change.after
    whole = wall.replace(second=0, microsecond=0)
    return (whole if whole == wall else whole + _MINUTE) - change.after
