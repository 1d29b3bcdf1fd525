"""Time zones, from one source on every replica: the locked `tzdata` wheel, never the machine's.

zoneinfo lists no changes of offset, so they are found by asking for the offset day by day and then
halving; the few of each zone and year are remembered.
"""

import zoneinfo
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import tzdata

from schedule_svc.refusals import WrongField

zoneinfo.reset_tzpath(to=[])

TZDATA: Final = tzdata.IANA_VERSION
NAMES: Final = frozenset(zoneinfo.available_timezones()) - {"Factory"}

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Change:
    """At `at` (naive UTC) a zone's offset goes from `before` to `after`."""

    at: datetime
    before: timedelta
    after: timedelta


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of constant offset: from the change `since` (if one is near) until `until`."""

    offset: timedelta
    since: Change | None
    until: Change | None


def zone(name: str) -> ZoneInfo:
    """The zone of this exact name. Raises WrongField."""
    if name not in NAMES:
        raise WrongField("spec.timezone", f"Unknown time zone {name}")
    return ZoneInfo(name)


def span(name: str, at: datetime) -> Span:
    """The span of zone `name` that holds `at` (naive UTC); changes a year away are left out."""
    changes = _changes(name, at.year)
    place = bisect_right(changes, at, key=_instant)
    earlier = changes[:place] or _changes(name, at.year - 1)
    later = changes[place:] or _changes(name, at.year + 1)
    since, until = earlier[-1] if earlier else None, later[0] if later else None
    return Span(since.after if since else _offset(zone(name), at), since, until)


def _instant(change: Change) -> datetime:
    return change.at


@lru_cache(maxsize=8192)
def _changes(name: str, year: int) -> tuple[Change, ...]:
    """The changes after the year's first instant, up to the next year's."""
    info, day, changes = zone(name), datetime(year, 1, 1), list[Change]()  # noqa: DTZ001 - naive UTC
    before = _offset(info, day)
    while day.year == year:
        after = _offset(info, day + _DAY)
        if after != before:
            changes.append(Change(_first_with(info, after, day, day + _DAY), before, after))
        day, before = day + _DAY, after
    return tuple(changes)


def _first_with(info: ZoneInfo, offset: timedelta, low: datetime, high: datetime) -> datetime:
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        low, high = (low, middle) if _offset(info, middle) == offset else (middle, high)
    return high


def _offset(info: ZoneInfo, at: datetime) -> timedelta:
    return at.replace(tzinfo=UTC).astimezone(info).utcoffset() or timedelta()
