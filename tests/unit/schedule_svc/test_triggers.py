"""A schedule's decisions when an instant is due, or somebody wants a run now."""

from datetime import datetime, timedelta

import pytest

from contracts.events.schedule import OccurrencesMissed
from contracts.specs import Spec
from one_schedule import (
    DAILY,
    HOUR,
    MINUTE,
    NINE,
    TZ,
    by_hand,
    created,
    fired,
    missed,
    spec,
    tick,
    toggled,
    trigger,
)
from schedule_svc import schedule
from schedule_svc.schedule import Tick
from schedule_svc.state import Schedule
from spec import given


class TestClock:
    def test_a_due_instant_fires(self) -> None:
        given(schedule, created()).when(tick(NINE + HOUR)).then(fired(NINE + HOUR, NINE + 2 * HOUR))

    def test_it_holds_nothing_of_the_moment(self) -> None:
        on_time = given(schedule, created()).when(tick(NINE + HOUR)).events
        assert given(schedule, created()).when(tick(NINE + HOUR, MINUTE)).events == on_time

    def test_over_a_minute_late_it_says_so(self) -> None:
        given(schedule, created()).when(tick(NINE + HOUR, 2 * MINUTE)).then(
            fired(NINE + HOUR, NINE + 2 * HOUR, late=True)
        )

    def test_before_its_time_it_does_nothing(self) -> None:
        given(schedule, created()).when(tick(NINE + HOUR, -timedelta(microseconds=1))).then()

    @pytest.mark.parametrize("nominal", [NINE, NINE + 2 * HOUR, NINE + HOUR + MINUTE])
    def test_for_an_answered_or_foreign_instant_it_does_nothing(self, nominal: datetime) -> None:
        given(schedule, created()).when(tick(nominal)).then()

    def test_twice_it_fires_once(self) -> None:
        history = (created(), fired(NINE + HOUR, NINE + 2 * HOUR))
        given(schedule, *history).when(tick(NINE + HOUR)).then()

    def test_for_a_disabled_schedule_it_does_nothing(self) -> None:
        off = toggled(False, None, NINE)
        given(schedule, created(), off).when(tick(NINE + HOUR)).then()

    def test_those_missed_before_the_latest_come_first(self) -> None:
        given(schedule, created()).when(tick(NINE + HOUR, 2 * HOUR + MINUTE)).then(
            missed(
                [NINE + HOUR, NINE + 2 * HOUR], "coalesced", NINE + 3 * HOUR, into=NINE + 3 * HOUR
            ),
            fired(NINE + 3 * HOUR, NINE + 4 * HOUR),
        )

    def test_past_its_grace_it_is_missed(self) -> None:
        given(schedule, created()).when(tick(NINE + HOUR, 31 * MINUTE)).then(
            missed([NINE + HOUR], "late", NINE + 2 * HOUR)
        )

    def test_a_late_one_does_not_shift_the_grid(self) -> None:
        given(schedule, created()).when(tick(NINE + HOUR, 20 * MINUTE)).then(
            fired(NINE + HOUR, NINE + 2 * HOUR, late=True)
        )

    def test_the_last_one_has_no_next(self) -> None:
        once = spec(at="2026-03-02T10:00:00Z")
        given(schedule, created(once)).when(tick(NINE + HOUR, 23 * HOUR)).then(
            fired(NINE + HOUR, None, late=True)
        )

    def test_a_day_of_seconds_is_answered_in_bounded_steps(self) -> None:
        first, now = NINE + timedelta(seconds=1), NINE + 24 * HOUR
        state = given(schedule, created(spec(every="1s"), first)).state
        counts = list[int]()
        while isinstance(state, Schedule) and (due := state.timing.next) and due <= now:
            events = schedule.decide(Tick(now=now, tzdata=TZ, nominal=due), state)
            for event in events:
                counts.append(event.count if isinstance(event, OccurrencesMissed) else 0)
                state = schedule.evolve(state, event)
        assert counts == [10_000] * 8 + [6_399, 0]


class TestManual:
    def test_a_plain_interval_starts_again_from_it(self) -> None:
        now = NINE + 20 * MINUTE
        given(schedule, created()).when(trigger(now)).then(by_hand(now, now + HOUR, epoch=now))

    @pytest.mark.parametrize("when", [DAILY, spec(every="24h", anchor="2026-03-03T09:00:00Z")])
    def test_cron_and_grid_stay_where_they_are(self, when: Spec) -> None:
        now, following = NINE + 20 * MINUTE, NINE + 24 * HOUR
        given(schedule, created(when, following)).when(trigger(now)).then(by_hand(now, following))

    def test_it_works_on_a_disabled_schedule_and_leaves_it_so(self) -> None:
        off, now = created(enabled=False, following=None), NINE + MINUTE
        given(schedule, off).when(trigger(now)).then(by_hand(now, None, epoch=now))

    def test_what_is_due_is_answered_before_the_interval_moves(self) -> None:
        now = NINE + HOUR + MINUTE
        given(schedule, created()).when(trigger(now)).then(
            fired(NINE + HOUR, NINE + 2 * HOUR), by_hand(now, now + HOUR, epoch=now)
        )

    def test_of_a_cron_schedule_what_is_due_is_left_to_the_clock(self) -> None:
        due = created(DAILY, NINE)
        given(schedule, due).when(trigger(NINE + MINUTE)).then(by_hand(NINE + MINUTE, NINE))

    def test_the_grid_after_it_counts_from_it(self) -> None:
        now = NINE + 20 * MINUTE
        history = (created(), by_hand(now, now + HOUR, epoch=now))
        given(schedule, *history).when(tick(now + HOUR)).then(
            fired(now + HOUR, now + 2 * HOUR, epoch=now)
        )
