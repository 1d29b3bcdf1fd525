"""What the clock keeps in memory: the soonest first, and never an older version."""

from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from one_schedule import HOUR, HOURLY, MINUTE, NINE
from schedule_svc.horizon import Entry, Horizon
from schedule_svc.state import Timing

SECOND = timedelta(seconds=1)


def entry(number: int, due: datetime | None, version: int = 1) -> Entry:
    timing = Timing(
        schedule_id=UUID(int=number),
        spec=HOURLY,
        enabled=True,
        next=due,
        epoch=NINE,
        version=version,
        spec_version=1,
    )
    return Entry("ada", timing)


def taken(horizon: Horizon, now: datetime, most: int = 256) -> list[tuple[int, int]]:
    """Number and version of what is due, in order."""
    entries = [each.timing for each in horizon.take(now, most)]
    return [(each.schedule_id.int, each.version) for each in entries]


def holding(*entries: Entry) -> Horizon:
    horizon = Horizon()
    for each in entries:
        horizon.offer(each)
    return horizon


def test_what_is_due_is_taken_in_order_and_once() -> None:
    horizon = holding(entry(1, NINE + SECOND), entry(2, NINE), entry(3, NINE + 2 * SECOND))
    assert horizon.first() == NINE
    assert taken(horizon, NINE + SECOND) == [(2, 1), (1, 1)]
    assert taken(horizon, NINE + SECOND) == []
    assert horizon.first() == NINE + 2 * SECOND


def test_an_older_or_equal_version_changes_nothing() -> None:
    horizon = holding(entry(1, NINE + HOUR, version=5), entry(1, NINE, version=4))
    horizon.offer(entry(1, NINE, version=5))
    assert horizon.first() == NINE + HOUR


def test_a_newer_version_takes_the_place_of_the_old_one() -> None:
    horizon = holding(entry(1, NINE), entry(1, NINE + HOUR, version=2))
    assert horizon.first() == NINE + HOUR
    assert taken(horizon, NINE + HOUR) == [(1, 2)]


def test_a_disabled_or_deleted_schedule_is_never_due() -> None:
    horizon = holding(entry(1, NINE), entry(2, NINE), entry(1, None, version=2))
    horizon.drop(UUID(int=2))
    assert horizon.first() is None
    assert taken(horizon, NINE) == []


def test_what_could_not_be_answered_is_due_again() -> None:
    horizon = holding(entry(1, NINE))
    horizon.put_back(horizon.take(NINE, 1))
    assert taken(horizon, NINE) == [(1, 1)]


def test_what_was_answered_meanwhile_is_not_put_back() -> None:
    horizon = holding(entry(1, NINE))
    due = horizon.take(NINE, 1)
    horizon.offer(entry(1, NINE + HOUR, version=2))
    horizon.put_back(due)
    assert horizon.first() == NINE + HOUR


def test_the_punctual_go_before_the_late() -> None:
    horizon = holding(*(entry(n, NINE - MINUTE) for n in range(5)), entry(9, NINE))
    assert taken(horizon, NINE, most=2) == [(9, 1), (0, 1)]
    assert horizon.first() == NINE - MINUTE
    assert taken(horizon, NINE, most=9) == [(1, 1), (2, 1), (3, 1), (4, 1)]
    assert horizon.first() is None


def test_beyond_the_horizon_is_forgotten_unless_it_is_news() -> None:
    horizon = holding(entry(1, NINE), entry(2, NINE + HOUR))
    horizon.forget(NINE + MINUTE)
    assert len(horizon) == 2
    horizon.forget(NINE + MINUTE)
    assert len(horizon) == 1
    assert not horizon.knows(UUID(int=2), 1)
    assert taken(horizon, NINE + HOUR) == [(1, 1)]


def test_what_is_being_answered_is_not_offered_again_by_forgetting() -> None:
    horizon = holding(entry(1, NINE))
    assert taken(horizon, NINE) == [(1, 1)]
    horizon.forget(NINE + MINUTE)
    assert taken(horizon, NINE) == []


def test_news_that_come_first_wake_the_clock() -> None:
    horizon = holding(entry(1, NINE + HOUR))
    horizon.changed.clear()
    horizon.offer(entry(2, NINE + 2 * HOUR))
    assert not horizon.changed.is_set()
    horizon.offer(entry(3, NINE))
    assert horizon.changed.is_set()


OFFERS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 6), st.one_of(st.none(), st.integers(0, 9)))
)


@given(OFFERS, st.integers(0, 9))
def test_the_last_version_alone_is_due_whatever_the_order(
    offers: list[tuple[int, int, int | None]], now: int
) -> None:
    known = dict[tuple[int, int], int | None]()
    for number, version, due in offers:
        known.setdefault((number, version), due)
    horizon = holding(
        *(entry(n, None if d is None else NINE + d * SECOND, v) for (n, v), d in known.items())
    )
    last = {n: max(v for m, v in known if m == n) for n, _ in known}
    expected = {(n, v) for n, v in last.items() if (d := known[n, v]) is not None and d <= now}
    assert set(taken(horizon, NINE + now * SECOND)) == expected
