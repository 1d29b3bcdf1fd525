"""Durations as people write them: `6h`, `1h30m`, `45s`."""

import re
from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_TEXT = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def parse_duration(text: object) -> timedelta:
    """`<int><unit>` parts, units w d h m s, largest first, whole seconds; a day is 24 h.

    Raises ValueError with a sentence for anything else, zero included.
    """
    if isinstance(text, timedelta):
        return text
    found = _TEXT.fullmatch(text) if isinstance(text, str) and len(text) <= 40 else None
    seconds = (
        sum(int(n) * s for n, s in zip(found.groups("0"), _SECONDS.values(), strict=True))
        if found
        else 0
    )
    if not 0 < seconds <= 100 * 366 * 86_400:
        raise ValueError(f"not a duration such as 30s, 5m, 6h or 1h30m: {text!r}")
    return timedelta(seconds=seconds)


def print_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back: the fewest units."""
    left, parts = int(duration.total_seconds()), list[str]()
    for unit, size in _SECONDS.items():
        if unit == "w" and left % size:
            continue
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


Duration: TypeAlias = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(print_duration, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["30m", "6h", "1h30m"]}),
]
