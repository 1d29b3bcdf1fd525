"""The cron dialect: which minutes a text names, and how a wrong one is refused."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.specs import Cron
from schedule_svc.occurrences import next_instant
from schedule_svc.occurrences.cron import WrongCron, parse
from schedule_svc.refusals import WrongField

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday


def firings(cron: str, count: int, after: datetime = EPOCH) -> list[str]:
    """The next instants in UTC, as `Mon 2026-01-05 09:00`."""
    found = list[str]()
    for _ in range(count):
        following = next_instant(Cron(cron=cron), EPOCH, after)
        assert following is not None
        after = following
        found.append(f"{after:%a %Y-%m-%d %H:%M}")
    return found


def weekdays(field: str) -> set[str]:
    return {each[:3] for each in firings(f"0 12 * * {field}", 14)}


def hours(field: str) -> list[int]:
    return list(parse(f"0 {field} * * *").hours)


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 9 * * *", ["Thu 2026-01-01 09:00", "Fri 2026-01-02 09:00"]),
        ("0 9 * * 1", ["Mon 2026-01-05 09:00", "Mon 2026-01-12 09:00"]),
        ("0 */6 * * *", ["Thu 2026-01-01 06:00", "Thu 2026-01-01 12:00"]),
        ("*/30 * * * *", ["Thu 2026-01-01 00:30", "Thu 2026-01-01 01:00"]),
        ("0 0 * * 0", ["Sun 2026-01-04 00:00", "Sun 2026-01-11 00:00"]),
        ("10-50/10 0 * * *", ["Thu 2026-01-01 00:10", "Thu 2026-01-01 00:20"]),
        ("0 0 1 JAN,jul *", ["Wed 2026-07-01 00:00", "Fri 2027-01-01 00:00"]),
        ("0 0 29 2 *", ["Tue 2028-02-29 00:00", "Sun 2032-02-29 00:00"]),
        ("0 0 13 * FRI", ["Fri 2026-01-02 00:00", "Fri 2026-01-09 00:00", "Tue 2026-01-13 00:00"]),
        ("0 0 31 2 MON", ["Mon 2026-02-02 00:00", "Mon 2026-02-09 00:00"]),
        ("@hourly", ["Thu 2026-01-01 01:00"]),
        ("@Weekly", ["Sun 2026-01-04 00:00"]),
        ("@monthly", ["Sun 2026-02-01 00:00"]),
        ("@yearly", ["Fri 2027-01-01 00:00"]),
        ("@midnight", ["Fri 2026-01-02 00:00"]),
    ],
)
def test_a_text_names_these_instants(cron: str, expected: list[str]) -> None:
    assert firings(cron, len(expected)) == expected


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("0", {"Sun"}),
        ("7", {"Sun"}),
        ("1", {"Mon"}),
        ("6", {"Sat"}),
        ("SUN", {"Sun"}),
        ("mon", {"Mon"}),
        ("5-7", {"Fri", "Sat", "Sun"}),
        ("FRI-MON", {"Fri", "Sat", "Sun", "Mon"}),
        ("FRI-SUN", {"Fri", "Sat", "Sun"}),
        ("6-0", {"Sat", "Sun"}),
        ("7-2", {"Sun", "Mon", "Tue"}),
        ("*/2", {"Sun", "Tue", "Thu", "Sat"}),
        ("1/2", {"Mon", "Wed", "Fri", "Sun"}),
        ("0-7", {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}),
        ("MON-FRI/2", {"Mon", "Wed", "Fri"}),
    ],
)
def test_weekdays_are_counted_from_sunday_by_number_or_name(field: str, names: set[str]) -> None:
    assert weekdays(field) == names


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("22-2", [0, 1, 2, 22, 23]),
        ("22-2/2", [0, 2, 22]),
        ("20/2", [20, 22]),
        ("1,1,3", [1, 3]),
        ("5-7,6-8", [5, 6, 7, 8]),
        ("*/23", [0, 23]),
        ("09", [9]),
    ],
)
def test_reversed_ranges_wrap_around(field: str, expected: list[int]) -> None:
    assert hours(field) == expected


def test_reversed_ranges_of_months_wrap_around() -> None:
    assert parse("0 0 1 NOV-FEB *").months == (1, 2, 11, 12)


def test_one_day_field_that_begins_with_a_star_must_match_as_well() -> None:
    both = firings("0 0 */2 * MON", 4)
    assert {each[:3] for each in both} == {"Mon"}
    assert {int(each[12:14]) % 2 for each in both} == {1}


def test_a_range_over_all_days_is_no_star() -> None:
    assert firings("0 0 1-31 * MON", 3)[-1] == "Sun 2026-01-04 00:00"


def test_a_question_mark_is_a_star_in_a_day_field() -> None:
    assert firings("0 0 ? * MON", 2) == firings("0 0 * * MON", 2)


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("61 * * * *", "minute: '61' is outside 0-59"),
        ("* 24 * * *", "hour: '24' is outside 0-23"),
        ("0 0 0 * *", "day: '0' is outside 1-31"),
        ("0 0 1 13 *", "month: '13' is outside 1-12"),
        ("0 0 * * 8", "weekday: '8' is outside 0-7"),
        ("0 0 * * MONDAY", "weekday: 'MONDAY' is not 0-7 or SUN-SAT"),
        ("0 0 * FEBRUARY *", "month: 'FEBRUARY' is not 1-12 or JAN-DEC"),
        ("* * * *", "needs 5 fields (minute hour day month weekday), got 4"),
        ("0 * * * * *", "needs 5 fields (minute hour day month weekday), got 6"),
        ("*/90 * * * *", "minute: step '90' is outside 1-59; for every 90 minutes use an interval"),
        ("*/0 * * * *", "minute: step '0' is outside 1-59"),
        ("0 0 L * *", "day: 'L': L, W and # are not supported"),
        ("0 0 15W * *", "day: '15W': L, W and # are not supported"),
        ("0 0 * * MON#1", "weekday: 'MON#1': L, W and # are not supported"),
        ("0 0 * * FRIL", "weekday: 'FRIL': L, W and # are not supported"),
        ("0 0 31 2 *", "never fires: no month it names has such a day"),
        ("0 0 30 2 */2", "never fires: no month it names has such a day"),
        ("0 0 30 2/12 *", "never fires: no month it names has such a day"),
        ("0 0 31 4,6,9,11 *", "never fires: no month it names has such a day"),
        ("@reboot", None),
        ("@every 5m", None),
        ("TZ=UTC 0 0 * * *", None),
        ("H 0 * * *", "minute: 'H' is not 0-59"),
        ("~ 0 * * *", "minute: '~' is not 0-59"),
        ("1- 0 * * *", "minute: '1-' is not 0-59"),
        ("1,,2 0 * * *", "minute: '' is not 0-59"),
        ("-1 0 * * *", "minute: '-1' is not 0-59"),
        ("\u0661 0 * * *", "minute: '\u0661' is not 0-59"),
        ("? 0 * * *", "minute: '?' is not 0-59"),
        ("99999999999999999999 0 * * *", "minute: '99999999999999999999' is not 0-59"),
    ],
)
def test_a_wrong_text_is_refused_by_field_and_part(cron: str, why: str | None) -> None:
    with pytest.raises(WrongCron) as refused:
        parse(cron)
    assert refused.value.status == 422
    assert refused.value.errors[0].field == "spec.cron"
    if why is not None:
        assert refused.value.detail == f"Invalid cron expression: {why}"


@pytest.mark.parametrize("name", ["Europe", "PST", "../UTC", "europe/berlin", "Factory", ""])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(WrongField, match=f"^Unknown time zone {name}$"):
        next_instant(Cron(cron="0 0 * * *", timezone=name), EPOCH, EPOCH)


def field_text(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    part = st.one_of(
        st.just("*"),
        number.map(str),
        st.tuples(number, number).map(lambda pair: f"{pair[0]}-{pair[1]}"),
        st.tuples(number, st.integers(1, max(2, high // 2))).map(lambda p: f"{p[0]}/{p[1]}"),
        st.integers(1, max(2, high // 2)).map(lambda step: f"*/{step}"),
    )
    return st.lists(part, min_size=1, max_size=3).map(",".join)


CRONS = st.tuples(
    field_text(0, 59), field_text(0, 23), field_text(1, 28), field_text(1, 12), field_text(0, 7)
).map(" ".join)


@given(CRONS, st.integers(0, 366 * 24 * 60), st.integers(0, 59))
def test_the_next_instant_is_later_and_no_other_lies_between(
    cron: str, minutes: int, second: int
) -> None:
    after = datetime.fromtimestamp(EPOCH.timestamp() + minutes * 60 + second, UTC)
    spec = Cron(cron=cron)
    following = next_instant(spec, EPOCH, after)
    assert following is not None
    assert following > after
    between = after + (following - after) * 0.6
    assert next_instant(spec, EPOCH, between) == following


@given(CRONS, st.integers(0, 366 * 24 * 60))
def test_adding_an_element_to_the_hours_loses_no_instant(cron: str, minutes: int) -> None:
    after = datetime.fromtimestamp(EPOCH.timestamp() + minutes * 60, UTC)
    minute, hour, *rest = cron.split()
    wider = " ".join([minute, f"{hour},5", *rest])
    narrow, wide = (next_instant(Cron(cron=each), EPOCH, after) for each in (cron, wider))
    assert narrow is not None
    assert wide is not None
    assert wide <= narrow


@given(CRONS)
def test_the_smallest_gap_is_met_and_never_undercut(cron: str) -> None:
    gap = parse(cron).smallest_gap()
    after, seen = EPOCH, list[datetime]()
    for _ in range(60):
        following = next_instant(Cron(cron=cron), EPOCH, after)
        assert following is not None
        after = following
        seen.append(following)
    steps = {(b - a).total_seconds() / 60 for a, b in pairwise(seen)}
    assert gap is None or gap.minutes <= min(steps)


@pytest.mark.parametrize(
    ("cron", "minutes"),
    [
        ("*/7 * * * *", 4),
        ("0,59 0,23 * * *", 1),
        ("*/5 * * * *", 5),
        ("0 9 * * *", 24 * 60),
        ("0 9 * * MON", 7 * 24 * 60),
        ("0 0 1 * *", 28 * 24 * 60),
        ("0 0 31,1 * *", 24 * 60),
        ("55 23 28-31 * *", 24 * 60),
        ("0,58 0,23 1,15 * *", 58),
    ],
)
def test_the_smallest_gap_of_these_is_known(cron: str, minutes: int) -> None:
    gap = parse(cron).smallest_gap()
    assert gap is not None
    assert gap.minutes == minutes
