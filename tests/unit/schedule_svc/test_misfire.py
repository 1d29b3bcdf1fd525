"""How late is too late, and what becomes of the instants before the latest."""

from datetime import UTC, datetime, timedelta

import pytest

from schedule_svc.misfire import Missed, Verdict, grace, judge

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def every(minutes: int, count: int) -> list[datetime]:
    return [NINE + n * minutes * MINUTE for n in range(count)]


@pytest.mark.parametrize(
    ("following", "expected"),
    [
        (NINE + MINUTE, 5 * MINUTE),
        (NINE + 10 * MINUTE, 5 * MINUTE),
        (NINE + 30 * MINUTE, 15 * MINUTE),
        (NINE + 24 * 60 * MINUTE, 12 * 60 * MINUTE),
        (None, 24 * 60 * MINUTE),
    ],
)
def test_the_grace_is_half_the_way_to_the_next_and_never_under_five_minutes(
    following: datetime | None, expected: timedelta
) -> None:
    assert grace(NINE, following) == expected


def test_a_punctual_instant_fires() -> None:
    assert judge([NINE], NINE, NINE + 30 * MINUTE, NINE) == Verdict(None, NINE)


def test_down_from_ten_past_nine_to_ten_past_eleven_only_eleven_fires() -> None:
    due = every(30, 5)[1:]
    verdict = judge(due, due[-1], due[-1] + 30 * MINUTE, NINE + 130 * MINUTE)
    assert verdict == Verdict(Missed(tuple(due[:-1]), "coalesced", due[-1]), due[-1])


def test_down_to_twenty_past_eleven_all_are_late() -> None:
    due = every(30, 5)[1:]
    verdict = judge(due, due[-1], due[-1] + 30 * MINUTE, NINE + 140 * MINUTE)
    assert verdict == Verdict(Missed(tuple(due), "late"), None)


@pytest.mark.parametrize(("beyond", "fires"), [(timedelta(0), True), (MINUTE / 60, False)])
def test_the_grace_itself_is_within_the_grace(beyond: timedelta, fires: bool) -> None:
    verdict = judge([NINE], NINE, NINE + 60 * MINUTE, NINE + 30 * MINUTE + beyond)
    assert (verdict.fires is not None) is fires


def test_a_daily_run_at_two_still_fires_at_nine() -> None:
    two = NINE - 7 * 60 * MINUTE
    assert judge([two], two, two + 24 * 60 * MINUTE, NINE).fires == two


def test_of_more_than_are_answered_at_once_the_oldest_coalesce_into_the_latest() -> None:
    due, latest = every(1, 3), NINE + 100 * MINUTE
    verdict = judge(due, latest, latest + MINUTE, latest)
    assert verdict == Verdict(Missed(tuple(due), "coalesced", latest), None)
