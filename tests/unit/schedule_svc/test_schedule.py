"""A schedule's decisions when it is created, edited, switched, deleted."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.actions import Agent, Benchmark
from contracts.events.schedule import ScheduleCreated, ScheduleDeleted
from contracts.inventory import Inventory
from contracts.specs import Spec
from one_schedule import (
    DAILY,
    HOUR,
    HOURLY,
    ID,
    INVENTORY,
    MINUTE,
    NINE,
    TZ,
    create,
    created,
    definition,
    fired,
    missed,
    spec,
    tick,
    toggle,
    toggled,
    trigger,
    update,
    updated,
)
from schedule_svc import schedule
from schedule_svc.definition import Rules
from schedule_svc.refusals import ScheduleExists, ScheduleNotFound, WrongField
from schedule_svc.schedule import Delete
from schedule_svc.state import Schedule
from spec import given


class TestCreate:
    def test_a_new_schedule_knows_its_first_instant(self) -> None:
        given(schedule).when(create()).then(created())

    def test_of_a_cron_spec_the_instant_of_this_very_moment_is_past(self) -> None:
        given(schedule).when(create(DAILY)).then(created(DAILY, NINE + 24 * HOUR))

    def test_disabled_it_has_no_next(self) -> None:
        given(schedule).when(create(enabled=False)).then(created(enabled=False, following=None))

    def test_it_exists_once(self) -> None:
        given(schedule, created()).when(create()).then_raises(ScheduleExists)

    def test_a_deleted_one_does_not_come_back(self) -> None:
        gone = ScheduleDeleted(schedule_id=ID, name="Lateness")
        given(schedule, created(), gone).when(create()).then_raises(ScheduleExists)

    def test_name_and_cron_are_stored_without_idle_blanks(self) -> None:
        (event,) = given(schedule).when(create(spec(cron=" 0  9 * * * "), name="  a b ")).events
        assert isinstance(event, ScheduleCreated)
        assert (event.definition.name, event.definition.spec) == ("a b", DAILY)

    @pytest.mark.parametrize(
        ("when", "field", "text"),
        [
            (spec(every="4m"), "spec.every", "Interval must be at least 5 minutes"),
            (spec(cron="*/7 * * * *"), "spec.cron", "Interval must be at least 5 minutes"),
            (spec(cron="0,59 0,23 * * *"), "spec.cron", "Interval must be at least 5 minutes"),
            (spec(every="367d"), "spec.every", "Interval must be at most 366 days"),
            (spec(at="2026-03-02T09:00:00Z"), "spec.at", "The instant must lie in the future"),
            (
                spec(cron="0 9 * * MONDAY"),
                "spec.cron",
                "Invalid cron expression: weekday: 'MONDAY' is not 0-7 or SUN-SAT",
            ),
            (
                spec(cron="0 9 * * *", timezone="Mars/Base"),
                "spec.timezone",
                "Unknown time zone Mars/Base",
            ),
        ],
    )
    def test_a_timing_that_cannot_be_is_refused(self, when: Spec, field: str, text: str) -> None:
        refused = given(schedule).when(create(when))
        refused.then_raises(WrongField, text)
        with pytest.raises(WrongField) as raised:
            _ = refused.events
        assert raised.value.field == field

    def test_the_times_that_lie_too_close_are_named(self) -> None:
        with pytest.raises(WrongField) as raised:
            _ = given(schedule).when(create(spec(cron="0,59 0,23 * * *"))).events
        assert "23:59 and 00:00" in raised.value.errors[0].message

    @pytest.mark.parametrize(
        ("least", "words"),
        [(1, "1 second"), (90, "90 seconds"), (300, "5 minutes"), (7200, "2 hours")],
    )
    def test_the_least_interval_is_told_in_words(self, least: int, words: str) -> None:
        rules = Rules(INVENTORY, timedelta(seconds=least))
        command = replace(create(spec(every="1s")), rules=rules)
        if least == 1:
            assert given(schedule).when(command).events
        else:
            given(schedule).when(command).then_raises(
                WrongField, f"Interval must be at least {words}"
            )

    @pytest.mark.parametrize(
        ("action", "field", "text"),
        [
            (Benchmark(prompt="x", models=("slow",)), "action.models", "Unknown model slow"),
            (Agent(agent_name="spy", message="x"), "action.agent_name", "Agent not found"),
        ],
    )
    def test_what_it_names_must_be_there(self, action: Any, field: str, text: str) -> None:
        with pytest.raises(WrongField, match=text) as raised:
            _ = given(schedule).when(create(action=action)).events
        assert raised.value.field == field

    def test_a_blank_name_is_none(self) -> None:
        with pytest.raises(WrongField) as raised:
            _ = given(schedule).when(create(name="  \n ")).events
        assert raised.value.field == "name"


@pytest.mark.parametrize(
    "command",
    [
        update(NINE, name="x"),
        toggle(NINE, enabled=False),
        Delete(now=NINE, tzdata=TZ),
        tick(NINE),
        trigger(NINE),
    ],
    ids=lambda command: type(command).__name__,
)
@pytest.mark.parametrize("gone", [False, True])
def test_without_a_schedule_there_is_nothing_to_do_it_to(command: Any, gone: bool) -> None:
    history = (created(), ScheduleDeleted(schedule_id=ID, name="x")) if gone else ()
    given(schedule, *history).when(command).then_raises(ScheduleNotFound, "Schedule not found")


class TestUpdate:
    def test_a_new_timing_starts_from_now(self) -> None:
        now = NINE + 20 * MINUTE
        given(schedule, created()).when(update(now, spec=spec(every="2h"))).then(
            updated(definition(spec(every="2h")), ("spec",), next=now + 2 * HOUR, epoch=now)
        )

    def test_anything_else_leaves_the_next_instant(self) -> None:
        given(schedule, created()).when(update(NINE + MINUTE, name=" New ")).then(
            updated(definition(name="New"), ("name",))
        )

    def test_also_one_that_is_due(self) -> None:
        given(schedule, created()).when(update(NINE + 2 * HOUR, name="New")).then(
            updated(definition(name="New"), ("name",))
        )

    @pytest.mark.parametrize("fields", [{}, {"name": "Lateness"}, {"spec": HOURLY}, {"name": None}])
    def test_of_nothing_is_no_event(self, fields: dict[str, Any]) -> None:
        given(schedule, created()).when(update(NINE + MINUTE, **fields)).then()

    def test_null_clears_the_description_alone(self) -> None:
        described = updated(definition(description="old"), ("description",))
        command = update(NINE + MINUTE, description=None, name=None, action=None, spec=None)
        given(schedule, created(), described).when(command).then(
            updated(definition(), ("description",))
        )

    def test_what_is_due_by_the_old_timing_is_answered_first(self) -> None:
        now = NINE + HOUR + MINUTE
        given(schedule, created()).when(update(now, spec=DAILY)).then(
            fired(NINE + HOUR, NINE + 2 * HOUR),
            updated(definition(DAILY), ("spec",), next=NINE + 24 * HOUR, epoch=now),
        )

    def test_a_disabled_one_stays_without_a_next(self) -> None:
        off = created(enabled=False, following=None)
        given(schedule, off).when(update(NINE + MINUTE, spec=DAILY)).then(
            updated(definition(DAILY), ("spec",), next=None, epoch=NINE + MINUTE)
        )

    def test_it_can_switch_as_well(self) -> None:
        off, now = created(enabled=False, following=None), NINE + MINUTE
        given(schedule, off).when(update(now, spec=DAILY, enabled=True)).then(
            updated(definition(DAILY), ("spec",), next=None, epoch=now),
            toggled(True, NINE + 24 * HOUR, now),
        )

    def test_a_wrong_timing_is_refused(self) -> None:
        given(schedule, created()).when(update(NINE, spec=spec(every="1m"))).then_raises(WrongField)

    def test_only_what_changes_is_checked(self) -> None:
        without = Rules(Inventory(), 5 * MINUTE)
        command = replace(update(NINE, name="New"), rules=without)
        given(schedule, created()).when(command).then(updated(definition(name="New"), ("name",)))

    def test_the_tick_after_it_names_the_version_that_set_the_timing(self) -> None:
        renamed = updated(definition(name="b"), ("name",))
        retimed = updated(definition(DAILY), ("spec",), next=NINE + 24 * HOUR)
        history = (created(), renamed, retimed, renamed.model_copy(update={"next": retimed.next}))
        state = given(schedule, *history).state
        assert isinstance(state, Schedule)
        assert (state.timing.spec_version, state.timing.version) == (3, 4)


class TestToggle:
    def test_enabling_starts_from_now(self) -> None:
        off, now = created(enabled=False, following=None), NINE + 90 * MINUTE
        given(schedule, off).when(toggle(now, True)).then(toggled(True, now + HOUR, now))

    def test_disabling_leaves_no_next(self) -> None:
        now = NINE + MINUTE
        given(schedule, created()).when(toggle(now, False)).then(toggled(False, None, now))

    def test_what_was_due_then_is_missed(self) -> None:
        now = NINE + 2 * HOUR
        given(schedule, created()).when(toggle(now, False)).then(
            missed([NINE + HOUR, NINE + 2 * HOUR], "disabled", NINE + 3 * HOUR),
            toggled(False, None, now),
        )

    @pytest.mark.parametrize("enabled", [True, False])
    def test_the_same_again_is_no_event(self, enabled: bool) -> None:
        history = created(enabled=enabled, following=NINE + HOUR if enabled else None)
        given(schedule, history).when(toggle(NINE + MINUTE, enabled)).then()

    def test_an_instant_that_passed_while_it_was_off_does_not_fire(self) -> None:
        off, now = toggled(False, None, NINE + MINUTE), NINE + 30 * HOUR
        given(schedule, created(DAILY, NINE + 24 * HOUR), off).when(toggle(now, True)).then(
            toggled(True, NINE + 48 * HOUR, now)
        )


class TestDelete:
    def test_it_is_gone(self) -> None:
        given(schedule, created()).when(Delete(now=NINE, tzdata=TZ)).then(
            ScheduleDeleted(schedule_id=ID, name="Lateness")
        )

    def test_what_was_due_then_is_missed(self) -> None:
        given(schedule, created()).when(Delete(now=NINE + HOUR, tzdata=TZ)).then(
            missed([NINE + HOUR], "deleted", NINE + 2 * HOUR),
            ScheduleDeleted(schedule_id=ID, name="Lateness"),
        )
