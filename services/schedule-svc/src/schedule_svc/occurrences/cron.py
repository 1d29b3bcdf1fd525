"""The cron dialect: five fields, as in Vixie and Debian cron, read once into `WallTimes`.

Reversed ranges wrap (`22-2`, `FRI-MON`), 0 and 7 are Sunday. Whether a field is a star field is
told by its first character, as those crons do, not by what it matches.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from schedule_svc.occurrences.wall import WallTimes
from schedule_svc.refusals import WrongField

_ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS: Final = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
_WEEKDAYS: Final = "SUN MON TUE WED THU FRI SAT"
_ELEMENT: Final = re.compile(r"(?:(\*)|([0-9A-Z]+)(?:-([0-9A-Z]+))?)(?:/([0-9]+))?")
_LATER: Final = re.compile(r"L|L-[0-9]+|[0-9]+W|L(?:-[0-9]+)?W|(?:[0-7]|[A-Z]{3})(?:#[1-5L]|L)")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")


class WrongCron(WrongField):
    """A cron expression that cannot be read, or never fires."""

    def __init__(self, what: str) -> None:
        super().__init__("spec.cron", f"Invalid cron expression: {what}")


@dataclass(frozen=True, slots=True)
class _Field:
    """One field's name and bounds; `cycle` members wrap around, `shown` is how to say it."""

    name: str
    low: int
    high: int
    names: str
    cycle: int
    shown: str

    def values(self, text: str) -> frozenset[int]:
        """The members that the field's text names, 7 still apart from 0."""
        return frozenset(value for part in text.split(",") for value in self._run(part))

    def _run(self, part: str) -> list[int]:
        found = _ELEMENT.fullmatch(part)
        if found is None:
            raise self._wrong(part)
        star, first, last, step = found.groups()
        if star:
            low, high = self.low, self.high
        else:
            low = self._member(first)
            high = self._member(last) if last else (self.high if step else low)
        return self._between(low, high)[:: self._step(step)]

    def _between(self, low: int, high: int) -> list[int]:
        top = self.low + self.cycle
        if low == top and low > high:  # 7-2 of the weekdays is 0-2
            low = self.low
        if low <= high:
            return list(range(low, high + 1))
        return [*range(low, top), *range(self.low, high + 1)]

    def _member(self, text: str) -> int:
        names = self.names.split()
        if text in names:
            return self.low + names.index(text)
        if not _NUMBER.fullmatch(text):
            raise self._wrong(text)
        value = int(text)
        if not self.low <= value <= self.high:
            raise WrongCron(f"{self.name}: '{text}' is outside {self.low}-{self.high}")
        return value

    def _step(self, text: str | None) -> int:
        step = int(text) if text else 1
        if not 1 <= step <= self.high:
            several = step and self.name in ("minute", "hour", "day")
            hint = f"; for every {step} {self.name}s use an interval" if several else ""
            raise WrongCron(f"{self.name}: step '{text}' is outside 1-{self.high}{hint}")
        return step

    def _wrong(self, text: str) -> WrongCron:
        if self.name in ("day", "weekday") and _LATER.fullmatch(text):
            return WrongCron(f"{self.name}: '{text}': L, W and # are not supported")
        return WrongCron(f"{self.name}: '{text}' is not {self.shown}")


_FIELDS: Final = (
    _Field("minute", 0, 59, "", 60, "0-59"),
    _Field("hour", 0, 23, "", 24, "0-23"),
    _Field("day", 1, 31, "", 31, "1-31"),
    _Field("month", 1, 12, _MONTHS, 12, "1-12 or JAN-DEC"),
    _Field("weekday", 0, 7, _WEEKDAYS, 7, "0-7 or SUN-SAT"),
)


@lru_cache(maxsize=16_384)
def parse(text: str) -> WallTimes:
    """What the expression names. Raises WrongCron, also for one that can never fire."""
    parts = _expanded(text)
    minute, hour, day, month, weekday = (
        field.values("*" if part == "?" and field.name in ("day", "weekday") else part)
        for field, part in zip(_FIELDS, parts, strict=True)
    )
    times = WallTimes(
        minutes=tuple(sorted(minute)),
        hours=tuple(sorted(hour)),
        days=sum(1 << value for value in day),
        months=tuple(sorted(month)),
        weekdays=sum(1 << value for value in {value % 7 for value in weekday}),
        both_days=parts[2][0] in "*?" or parts[4][0] in "*?",
        wildcard=parts[0][0] == "*" or parts[1][0] == "*",
    )
    if not times.fires():
        raise WrongCron("never fires: no month it names has such a day")
    return times


def _expanded(text: str) -> list[str]:
    words = text.split()
    if len(words) == 1 and words[0].startswith("@"):
        if words[0].lower() not in _ALIASES:
            known = ", ".join(_ALIASES)
            raise WrongCron(f"'{words[0]}' is not an alias; known are {known}")
        words = _ALIASES[words[0].lower()].split()
    if len(words) != len(_FIELDS):
        raise WrongCron(f"needs 5 fields (minute hour day month weekday), got {len(words)}")
    return [word.upper() for word in words]
