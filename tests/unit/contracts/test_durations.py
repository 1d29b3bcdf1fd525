"""Durations are read and printed in one form."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.durations import parse_duration, print_duration


@given(st.integers(1, 100 * 366 * 86_400))
def test_what_is_printed_is_read_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(print_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("2d", 172_800), ("1w1s", 604_801)],
)
def test_parts_add_up_largest_unit_first(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "0s", "5", "m", "30m1h", "1.5h", "-5m", "5 m", 5, None, "9" * 50]
)
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(("seconds", "text"), [(86_400, "1d"), (90, "1m30s"), (604_800, "1w")])
def test_the_shortest_text_is_printed(seconds: int, text: str) -> None:
    assert print_duration(timedelta(seconds=seconds)) == text
