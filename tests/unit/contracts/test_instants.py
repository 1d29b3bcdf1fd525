"""Instants are carried in UTC, and stay where arithmetic in any zone is possible."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.message import Instant

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def test_an_offset_is_turned_into_utc() -> None:
    read = INSTANT.validate_python("2026-03-29T03:00:00+02:00")
    assert read == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z"],
)
def test_a_year_beyond_reason_is_refused_and_not_computed_with(text: str) -> None:
    with pytest.raises(ValidationError, match="years 1970 to 9998"):
        INSTANT.validate_python(text)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        INSTANT.validate_python("2026-03-29T03:00:00")
