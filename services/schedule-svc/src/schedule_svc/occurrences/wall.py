"""Which wall-clock minutes a cron spec names, in a calendar that knows no zones.

A month is only its shape: its length and the weekday of its first day. There are 28 of them, 91
with the months' names, and all occur within 400 years; so whether a spec ever fires and how close
its times can lie is answered exactly, without searching a calendar.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Final, NamedTuple

_LENGTHS: Final = {2: (28, 29), 4: (30,), 6: (30,), 9: (30,), 11: (30,)}
_MONTHS_AHEAD: Final = 41 * 12
_DAY: Final = 24 * 60


class Gap(NamedTuple):
    """The two times of day that lie closest together, `minutes` apart."""

    minutes: int
    first: str
    second: str


@dataclass(frozen=True, slots=True, eq=False)
class WallTimes:
    """Sorted `hours` and `minutes`; `days` and `weekdays` (0 = Sunday) as bits, joined by and/or.

    `wildcard`: the minute or hour field begins with a star, which matters when a clock changes.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: int
    months: tuple[int, ...]
    weekdays: int
    both_days: bool
    wildcard: bool
    _shapes: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])

    def next_after(self, after: datetime) -> datetime | None:
        """The first matching minute later than `after` (both naive), none within 41 years."""
        days = self._days_of(after.year, after.month) >> after.day
        if days & 1 and (time := self._time_after(after.hour, after.minute)) is not None:
            return datetime(after.year, after.month, after.day, *time)  # noqa: DTZ001 - wall time
        year, month, days = after.year, after.month, days >> 1 << (after.day + 1)
        for _ in range(_MONTHS_AHEAD):
            if days:
                first = (days & -days).bit_length() - 1
                return datetime(year, month, first, self.hours[0], self.minutes[0])  # noqa: DTZ001
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            days = self._days_of(year, month)
        return None

    def _time_after(self, hour: int, minute: int) -> tuple[int, int] | None:
        place = bisect_right(self.hours, hour)
        if place and self.hours[place - 1] == hour:
            within = bisect_right(self.minutes, minute)
            if within < len(self.minutes):
                return hour, self.minutes[within]
        return (self.hours[place], self.minutes[0]) if place < len(self.hours) else None

    def _days_of(self, year: int, month: int) -> int:
        if month not in self.months:
            return 0
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        length = _lengths(month)[leap if month == 2 else 0]
        return self.days_of_shape(length, date(year, month, 1).isoweekday() % 7)

    def days_of_shape(self, length: int, first: int) -> int:
        """The matching days (bit n = day n) of a month that begins on weekday `first`."""
        known = self._shapes.get((length, first))
        if known is None:
            known = self._shapes[length, first] = self._matching(length, first)
        return known

    def _matching(self, length: int, first: int) -> int:
        all_days = (1 << (length + 1)) - 2
        named = range(1, length + 1)
        by_week = sum(1 << day for day in named if self.weekdays >> ((first + day - 1) % 7) & 1)
        by_month = self.days & all_days
        return by_week & by_month if self.both_days else by_week | by_month

    def fires(self) -> bool:
        """Whether any month ever has a matching day; exact."""
        return any(
            self.days_of_shape(length, first)
            for month in self.months
            for length in _lengths(month)
            for first in range(7)
        )

    def smallest_gap(self) -> Gap | None:
        """The closest two times can lie, clock changes aside; none where months lie between."""
        gaps = [*self._gaps_within_a_day()]
        nearest = min(self._day_distances(), default=None)
        if nearest is not None:
            first, last = self.hours[0] * 60 + self.minutes[0], self.hours[-1] * 60
            last += self.minutes[-1]
            gaps.append(Gap(nearest * _DAY - last + first, _clock(last), _clock(first)))
        return min(gaps, default=None)

    def _gaps_within_a_day(self) -> list[Gap]:
        times = [hour * 60 + minute for hour in self.hours for minute in self.minutes]
        return [
            Gap(later - earlier, _clock(earlier), _clock(later))
            for earlier, later in pairwise(times)
        ]

    def _day_distances(self) -> set[int]:
        """How many days apart two neighbouring matching days can be."""
        distances = set[int]()
        for month in self.months:
            for length in _lengths(month):
                for first in range(7):
                    days = _set_bits(self.days_of_shape(length, first))
                    days += self._first_days_after(month, length, first) if days else []
                    distances.update(b - a for a, b in pairwise(days))
        return distances

    def _first_days_after(self, month: int, length: int, first: int) -> list[int]:
        """The earliest day the following month can match, counted from this month's first."""
        following = month % 12 + 1
        if following not in self.months:
            return []
        weekday = (first + length) % 7
        shapes = [self.days_of_shape(each, weekday) for each in _lengths(following)]
        earliest = min((_set_bits(shape)[0] for shape in shapes if shape), default=None)
        return [] if earliest is None else [length + earliest]


def _lengths(month: int) -> tuple[int, ...]:
    return _LENGTHS.get(month, (31,))


def _set_bits(bits: int) -> list[int]:
    return [place for place in range(bits.bit_length()) if bits >> place & 1]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
