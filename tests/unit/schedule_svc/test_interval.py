"""Equal steps: from an epoch that is no step itself, or on a grid that has no beginning."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.specs import At, Every
from schedule_svc.occurrences import instants, last_instant, next_instant

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def plain(hours: int = 6) -> Every:
    return Every(every=hours * HOUR)


def test_the_first_step_is_one_interval_after_the_epoch() -> None:
    for after in (NINE - 48 * HOUR, NINE, NINE + 5 * HOUR):
        assert next_instant(plain(), NINE, after) == NINE + 6 * HOUR


def test_each_step_follows_the_one_before() -> None:
    assert next_instant(plain(), NINE, NINE + 6 * HOUR) == NINE + 12 * HOUR


def test_a_grid_goes_through_its_anchor_and_knows_no_epoch() -> None:
    grid = Every(every=6 * HOUR, anchor=NINE)
    for epoch in (NINE - HOUR, NINE + HOUR):
        assert next_instant(grid, epoch, NINE - HOUR) == NINE
        assert next_instant(grid, epoch, NINE - 7 * HOUR) == NINE - 6 * HOUR
        assert next_instant(grid, epoch, NINE) == NINE + 6 * HOUR


def test_once_is_once() -> None:
    once = At(at=NINE)
    assert next_instant(once, NINE, NINE - HOUR) == NINE
    assert next_instant(once, NINE, NINE) is None


@given(st.integers(1, 400), st.integers(0, 10_000))
def test_the_last_instant_is_the_last_of_all(hours: int, ahead: int) -> None:
    spec, first = plain(hours), NINE + hours * HOUR
    until = first + ahead * HOUR / 3
    assert last_instant(spec, NINE, first, until) == [*instants(spec, NINE, first, until)][-1]
