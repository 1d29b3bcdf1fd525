"""Clock changes: worked examples, a walk through UTC as judge, and cronsim as a second opinion."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.specs import Cron
from schedule_svc.occurrences import next_instant, zones
from schedule_svc.occurrences.cron import parse

MINUTE = timedelta(minutes=1)


def firings(cron: str, zone: str, after: datetime, until: datetime) -> list[datetime]:
    spec, found = Cron(cron=cron, timezone=zone), list[datetime]()
    while (following := next_instant(spec, after, after)) is not None and following < until:
        found.append(following)
        after = following
    return found


def local(instants: list[datetime], zone: str) -> str:
    """`29 12:00-10:00` of each: the day, the wall time, the offset."""
    shown = [instant.astimezone(ZoneInfo(zone)) for instant in instants]
    return ", ".join(f"{each:%d %H:%M}{each.isoformat()[-6:]}" for each in shown)


BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
SAO_PAULO, APIA = "America/Sao_Paulo", "Pacific/Apia"


@pytest.mark.parametrize(
    ("zone", "first", "last", "cron", "expected"),
    [
        (BERLIN, "03-29T00", "03-29T05", "30 2 * * *", "29 03:00+02:00"),
        (BERLIN, "03-29T00", "03-29T05", "0 2,3 * * *", "29 03:00+02:00"),
        (BERLIN, "03-29T00", "03-29T05", "30 2-3 * * *", "29 03:00+02:00, 29 03:30+02:00"),
        (BERLIN, "03-29T01:01", "03-29T03:01", "*/30 * * * *", "29 01:30+01:00, 29 03:00+02:00"),
        (BERLIN, "03-29T00", "03-29T05", "0 */2 * * *", "29 00:00+01:00, 29 04:00+02:00"),
        (BERLIN, "10-25T00", "10-25T05", "30 2 * * *", "25 02:30+02:00"),
        (BERLIN, "10-25T00", "10-25T05", "30 2,3 * * *", "25 02:30+02:00, 25 03:30+01:00"),
        (
            *(BERLIN, "10-25T01:31", "10-25T03:01", "*/30 * * * *"),
            "25 02:00+02:00, 25 02:30+02:00, 25 02:00+01:00, 25 02:30+01:00, 25 03:00+01:00",
        ),
        (
            *(BERLIN, "10-25T00", "10-25T05", "0 */2 * * *"),
            "25 00:00+02:00, 25 02:00+02:00, 25 02:00+01:00, 25 04:00+01:00",
        ),
        (
            *(BERLIN, "10-25T01:31", "10-25T03:01", "0-59/30 1-4 * * *"),
            "25 02:00+02:00, 25 02:30+02:00, 25 03:00+01:00",
        ),
        (
            *(NEW_YORK, "2024-03-10T00", "2024-03-10T05", "15 2-3 * * *"),
            "10 03:00-04:00, 10 03:15-04:00",
        ),
        (
            *(NEW_YORK, "2024-11-03T00", "2024-11-03T05", "30 1,3 * * *"),
            "03 01:30-04:00, 03 03:30-05:00",
        ),
        (LORD_HOWE, "2024-10-06T00", "2024-10-06T05", "15 2 * * *", "06 02:30+11:00"),
        (LORD_HOWE, "2024-04-07T00", "2024-04-07T05", "45 1 * * *", "07 01:45+11:00"),
        (
            *(LORD_HOWE, "2024-04-07T01", "2024-04-07T03", "45 * * * *"),
            "07 01:45+11:00, 07 01:45+10:30, 07 02:45+10:30",
        ),
        (SAO_PAULO, "2018-11-03T12", "2018-11-04T12", "0 0 * * *", "04 01:00-02:00"),
        (SAO_PAULO, "2018-11-03T12", "2018-11-04T12", "30 0 4 * *", "04 01:00-02:00"),
        ("Africa/Cairo", "2025-04-24T12", "2025-04-25T12", "0 0 * * *", "25 01:00+03:00"),
        ("Africa/Cairo", "2025-10-30T12", "2025-10-31T12", "30 23 * * *", "30 23:30+03:00"),
        ("America/Havana", "2024-11-02T12", "2024-11-03T12", "0 0 * * *", "03 00:00-04:00"),
        (
            *(APIA, "2011-12-29T00", "2011-12-31T23", "0 12 * * *"),
            "29 12:00-10:00, 31 00:00+14:00, 31 12:00+14:00",
        ),
        (APIA, "2011-12-29T00", "2011-12-31T23", "0 0 30 * *", "31 00:00+14:00"),
        ("Antarctica/Troll", "2024-03-31T00", "2024-03-31T05", "30 1 * * *", "31 03:00+02:00"),
        ("Africa/Monrovia", "1972-01-06T12", "1972-01-07T12", "30 0 * * *", "07 00:45+00:00"),
        ("America/Goose_Bay", "2005-04-02T12", "2005-04-03T12", "30 0 * * *", "03 01:01-03:00"),
        ("America/St_Johns", "1988-10-29T12", "1988-10-30T12", "0 23 * * *", "29 23:00-01:30"),
        ("Pacific/Kiritimati", "1994-12-30T12", "1995-01-01T12", "0 6 31 12 *", "01 00:00+14:00"),
    ],
)
def test_the_debian_preset_fires_at(
    zone: str, first: str, last: str, cron: str, expected: str
) -> None:
    begin, end = (
        datetime.fromisoformat(each if each[4] == "-" else f"2026-{each}").replace(
            tzinfo=ZoneInfo(zone)
        )
        for each in (first, last)
    )
    found = firings(cron, zone, begin.astimezone(UTC) - MINUTE, end.astimezone(UTC))
    assert local(found, zone) == expected


def test_the_result_is_the_same_however_far_ahead_of_the_change_one_looks() -> None:
    spec = Cron(cron="30 2 29 3 *", timezone=BERLIN)
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    for minutes in (1, 59, 60, 61, 24 * 60, 48 * 60, 49 * 60, 300 * 24 * 60):
        after = change - minutes * MINUTE
        assert next_instant(spec, after, after) == change


def test_a_gap_that_ends_within_a_minute_is_seen_from_inside_that_minute() -> None:
    spec = Cron(cron="30 0 * * *", timezone="Africa/Monrovia")
    change = datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC)
    for seconds in (-1, 0, 10, 29):
        after = change + timedelta(seconds=seconds)
        assert next_instant(spec, after, after) == datetime(1972, 1, 7, 0, 45, tzinfo=UTC)
    after = change + timedelta(seconds=30)
    assert next_instant(spec, after, after) == datetime(1972, 1, 8, 0, 30, tzinfo=UTC)


ZONES = sorted(
    {
        *(BERLIN, NEW_YORK, LORD_HOWE, SAO_PAULO, APIA, "Africa/Cairo", "America/Havana"),
        *("Antarctica/Troll", "Africa/Casablanca", "Europe/Dublin", "Asia/Beirut"),
        *("America/Asuncion", "America/Caracas", "Asia/Kathmandu", "America/Goose_Bay"),
        *("Asia/Colombo", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Kwajalein"),
        *("Africa/Monrovia", "Asia/Tehran", "Asia/Pyongyang", "Antarctica/Casey", "UTC"),
    }
)


def changes() -> list[tuple[str, datetime]]:
    """Every change of offset of these zones since 1970."""
    found = list[tuple[str, datetime]]()
    for zone in ZONES:
        at = datetime(1970, 1, 2)  # noqa: DTZ001
        while at.year < 2038:
            until = zones.span(zone, at).until
            if until is not None:
                found.append((zone, until.at.replace(tzinfo=UTC)))
            at = until.at if until is not None else at + timedelta(days=365)
    return found


CHANGES = changes()


def wall_matches(cron: str, wall: datetime) -> bool:
    times = parse(cron)
    by_month, by_week = times.days >> wall.day, times.weekdays >> (wall.isoweekday() % 7)
    day = by_month & by_week if times.both_days else by_month | by_week
    return (
        wall.minute in times.minutes
        and wall.hour in times.hours
        and wall.month in times.months
        and bool(day & 1)
    )


def walked(cron: str, zone: str, first: datetime, last: datetime) -> list[datetime]:
    """The judge: every half minute of UTC, its wall clock looked at; no fold, no arithmetic."""
    info, times = ZoneInfo(zone), parse(cron)
    obeys = not times.wildcard
    found, seen = set[datetime](), set[datetime]()
    at, before = first, first.astimezone(info).replace(tzinfo=None) - MINUTE
    while at < last:
        wall = at.astimezone(info).replace(tzinfo=None)
        jumped = before + MINUTE / 2
        while obeys and jumped < wall:
            if not jumped.second and wall_matches(cron, jumped):
                found.add(at if not wall.second else at + MINUTE / 2)
            jumped += MINUTE / 2
        if not wall.second and wall_matches(cron, wall) and not (obeys and wall in seen):
            found.add(at)
        seen.add(wall)
        at, before = at + MINUTE / 2, wall
    return sorted(found)


FIELDS = st.tuples(
    st.sampled_from(["0", "30", "*/15", "0-59/20", "1-58/19", "45,59", "*", "5"]),
    st.sampled_from(["*", "0", "1", "2", "0-3", "*/2", "1,3", "22-2", "23,0", "2-3"]),
    st.sampled_from(["*", "1", "30", "31", "*/2", "1-7", "24-31"]),
    st.sampled_from(["*"]),
    st.sampled_from(["*", "SUN", "FRI-SUN", "0"]),
).map(" ".join)


@settings(max_examples=40, deadline=None)
@given(FIELDS, st.sampled_from(CHANGES))
def test_around_any_change_the_instants_are_those_of_a_walk_through_utc(
    cron: str, change: tuple[str, datetime]
) -> None:
    zone, at = change
    at = at.replace(second=0)
    first, last = at - timedelta(hours=30), at + timedelta(hours=26)
    expected = walked(cron, zone, first - timedelta(days=1), last)
    assert firings(cron, zone, first, last) == [each for each in expected if first < each]


@settings(max_examples=150, deadline=None)
@given(FIELDS, st.sampled_from(CHANGES), st.integers(-3000, 3000))
def test_between_an_instant_and_the_next_there_is_none(
    cron: str, change: tuple[str, datetime], minutes: int
) -> None:
    zone, at = change
    spec, after = Cron(cron=cron, timezone=zone), at + minutes * MINUTE
    following = next_instant(spec, after, after)
    assert following is not None
    assert following > after
    between = max(after, following - timedelta(seconds=1))
    assert next_instant(spec, between, between) == following


@contextmanager
def within(seconds: int) -> Generator[None]:
    def over(*_: object) -> None:
        raise TimeoutError

    old = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


def for_cronsim(cron: str) -> str:
    """The same without the reversed ranges it refuses."""
    return cron.replace("22-2", "22,23,0,1,2").replace("FRI-SUN", "5,6,0")


@settings(max_examples=150, deadline=None)
@given(FIELDS, st.sampled_from(CHANGES), st.integers(-2900, -1500))
def test_fixed_specs_fire_as_cronsim_says(
    cron: str, change: tuple[str, datetime], minutes: int
) -> None:
    if parse(cron).wildcard:
        return
    zone, at = change
    after = at.replace(second=0) + minutes * MINUTE
    with within(5):
        oracle = CronSim(for_cronsim(cron), after.astimezone(ZoneInfo(zone)))
        expected = [next(oracle).astimezone(UTC) for _ in range(8)]
    assert firings(cron, zone, after, expected[-1] + MINUTE / 2) == expected
