"""Each trigger gets one answer: the table of admission, row by row."""

from typing import Any

import pytest

from admissions import (
    BOTH,
    GONE,
    INVENTORY,
    LARGE,
    OWL,
    SMALL,
    created,
    deleted,
    ended,
    interrupted,
    named,
    started,
    toggled,
    triggered,
    updated,
)
from contracts.events import Event
from contracts.events.run import RunCancelled, RunRequested
from contracts.inventory import Inventory
from dispatcher_svc import admission
from dispatching import given

OVERLAP = "A run of this schedule is still going"
DISABLED = "The schedule was disabled"
DELETED = "The schedule was deleted"


def skipped(run: str, reason: str, detail: str) -> tuple[str, str, str, str]:
    return ("RunSkipped", run, reason, detail)


def test_a_tick_with_room_everywhere_is_requested() -> None:
    case = given(started(), created("s")).when(triggered("s", "r"))
    case.then(("RunRequested", "r"))


def test_a_request_carries_the_resolved_action_and_its_origin() -> None:
    case = given(started(), created("s", BOTH)).when(triggered("s", "r"))
    event = case.answers[0].event
    assert isinstance(event, RunRequested)
    assert [t.provider for t in event.action.targets] == ["ada", "bell"]
    assert event.action.text == "Why?"
    assert event.origin.model_dump() == {
        "schedule_id": named("s"),
        "schedule_name": "s",
        "schedule_version": 2,
        "triggered_by": "schedule",
        "nominal": event.origin.nominal,
    }
    assert case.answers[0].stream == f"run-{named('r')}"
    assert case.answers[0].expected == 0


def test_a_tick_that_finds_a_run_of_its_schedule_running_is_skipped() -> None:
    case = given(started(), created("s"), triggered("s", "r1")).when(triggered("s", "r2"))
    case.then(("RunSkipped", "r2", "overlap", OVERLAP, str(named("r1"))))


def test_a_tick_that_finds_a_run_of_its_schedule_waiting_is_skipped() -> None:
    before = [started(per_user=1), created("s"), created("t"), triggered("t", "r")]
    case = given(*before, triggered("s", "r1")).when(triggered("s", "r2"))
    case.then(("RunSkipped", "r2", "overlap", OVERLAP, str(named("r1"))))


def test_a_manual_trigger_waits_for_its_schedule() -> None:
    case = given(started(), created("s"), triggered("s", "r1"))
    case.when(triggered("s", "r2", "manual")).then(("RunQueued", "r2", ["schedule"]))
    case.when(ended("r1")).then(("RunRequested", "r2"))
    assert case.answers[0].expected == 1


@pytest.mark.parametrize(
    ("limits", "waits_for"),
    [
        ({"instance": 1}, ["instance"]),
        ({"per_user": 1}, ["user"]),
        ({"per_provider": 1}, ["provider:ada"]),
        ({"per_provider": 1, "per_user": 1, "instance": 1}, ["instance", "user", "provider:ada"]),
    ],
)
def test_a_tick_over_a_limit_waits_and_says_for_what(
    limits: dict[str, Any], waits_for: list[str]
) -> None:
    before = [started(**limits), created("s"), created("t"), triggered("t", "r1")]
    case = given(*before).when(triggered("s", "r2"))
    case.then(("RunQueued", "r2", waits_for))
    case.when(ended("r1")).then(("RunRequested", "r2"))


def test_an_agent_works_on_one_run_at_a_time_for_all_users() -> None:
    case = given(started(), created("s", OWL), created("t", OWL), triggered("t", "r1"))
    case.when(triggered("s", "r2"), owner="ada").then(("RunQueued", "r2", ["agent:owl"]))
    case.when(ended("r1")).then(("RunRequested", "r2"))


def test_a_run_over_two_providers_waits_for_the_one_that_is_full() -> None:
    case = given(started(per_provider=1), created("s", BOTH), created("t", LARGE))
    case.when(triggered("t", "r1")).then(("RunRequested", "r1"))
    case.when(triggered("s", "r2")).then(("RunQueued", "r2", ["provider:bell"]))


def test_a_run_that_needs_other_limits_passes_one_that_waits() -> None:
    before = [started(per_provider=1), created("s", BOTH), created("t", LARGE), created("u")]
    case = given(*before, triggered("t", "r1"), triggered("s", "r2"))
    case.when(triggered("u", "r3")).then(("RunRequested", "r3"))


@pytest.mark.parametrize(
    "end",
    [
        ended("r1", "failed"),
        ended("r1", "timed_out"),
        RunCancelled(run_id=named("r1"), reason="no"),
        interrupted("r1", final=True),
    ],
    ids=lambda end: end.type,
)
def test_every_end_of_a_run_frees_its_places(end: Event) -> None:
    case = given(started(), created("s"), triggered("s", "r1"), triggered("s", "r2", "manual"))
    case.when(end).then(("RunRequested", "r2"))


def test_between_attempts_a_run_keeps_its_places() -> None:
    case = given(started(), created("s"), triggered("s", "r1"), triggered("s", "r2", "manual"))
    case.when(interrupted("r1", final=False)).then()


def test_a_tick_of_a_schedule_disabled_before_it_is_skipped() -> None:
    case = given(started(), created("s"), toggled("s", enabled=False))
    case.when(triggered("s", "r")).then(skipped("r", "disabled", DISABLED))


def test_a_manual_trigger_of_a_disabled_schedule_runs() -> None:
    case = given(started(), created("s", enabled=False))
    case.when(triggered("s", "r", "manual")).then(("RunRequested", "r"))


@pytest.mark.parametrize("cause", ["clock", "manual"])
def test_whatever_asks_for_a_deleted_schedule_is_skipped(cause: str) -> None:
    case = given(started(), created("s"), deleted("s"))
    trigger = triggered("s", "r", "manual" if cause == "manual" else "clock")
    case.when(trigger).then(skipped("r", "deleted", DELETED))


def test_disabling_withdraws_the_tick_that_waits_but_no_manual_run() -> None:
    before = [started(per_user=1), created("t"), created("s"), triggered("t", "r1")]
    case = given(*before, triggered("s", "r2"), triggered("s", "r3", "manual"))
    case.when(toggled("s", enabled=False)).then(skipped("r2", "disabled", DISABLED))
    assert case.answers[0].expected == 1
    case.when(ended("r1")).then(("RunRequested", "r3"))


def test_deleting_withdraws_all_that_wait_and_leaves_the_running_one() -> None:
    before = [started(), created("s"), triggered("s", "r1")]
    case = given(*before, triggered("s", "r2", "manual"), triggered("s", "r3", "manual"))
    case.when(deleted("s")).then(
        skipped("r2", "deleted", DELETED), skipped("r3", "deleted", DELETED)
    )
    case.when(ended("r1")).then()


def test_what_cannot_be_resolved_is_skipped_and_says_what_is_gone() -> None:
    case = given(started(), created("s", GONE))
    case.when(triggered("s", "r")).then(skipped("r", "unresolvable", "Unknown model retired"))


def test_what_is_gone_comes_before_overlap() -> None:
    case = given(started(), created("s"), triggered("s", "r1"), updated("s", GONE))
    case.when(triggered("s", "r2")).then(skipped("r2", "unresolvable", "Unknown model retired"))


def test_a_waiting_run_whose_model_has_gone_is_withdrawn_at_the_next_start() -> None:
    case = given(started(), created("s"), triggered("s", "r1"), triggered("s", "r2", "manual"))
    case.when(started(Inventory()))
    assert [answer.event.type for answer in admission.resume(case.state)] == ["RunSkipped"]


def test_a_waiting_run_executes_what_its_schedule_said_when_it_was_due() -> None:
    case = given(started(), created("s"), triggered("s", "r1"), triggered("s", "r2", "manual"))
    case.when(updated("s", LARGE)).then()
    case.when(ended("r1")).then(("RunRequested", "r2"))
    event = case.answers[0].event
    assert isinstance(event, RunRequested)
    assert event.action.targets[0].model == "small"


def test_the_answer_belongs_to_the_owner_of_the_trigger_not_to_whoever_freed_the_place() -> None:
    case = given(started(instance=1), created("s"), ("ada", created("t")), triggered("s", "r1"))
    case.when(triggered("t", "r2"), owner="ada").then(("RunQueued", "r2", ["instance"]))
    trigger = case.history.events[-1]
    case.when(ended("r1"), owner="eve").then(("RunRequested", "r2"))
    assert case.answers[0].about == trigger


def test_a_lowered_limit_stops_nothing_and_admits_none_until_there_is_room() -> None:
    names = ["a", "b", "c", "d"]
    before = [started(per_user=3), *(created(name) for name in names)]
    case = given(*before, *(triggered(name, f"r-{name}") for name in names))
    case.when(started(per_user=1)).then()
    assert admission.resume(case.state) == []
    case.when(ended("r-a")).then()
    case.when(ended("r-b")).then()
    case.when(ended("r-c")).then(("RunRequested", "r-d"))


def test_a_raised_limit_admits_at_the_start() -> None:
    before = [started(per_user=1), created("s"), created("t")]
    case = given(*before, triggered("s", "r1"), triggered("t", "r2"))
    case.when(started(INVENTORY, per_user=2)).then()
    assert [answer.event.type for answer in admission.resume(case.state)] == ["RunRequested"]


def test_nothing_is_owed_after_a_clean_stop() -> None:
    case = given(started(per_user=1), created("s"), created("t"), triggered("s", "r1"))
    case.when(triggered("t", "r2")).when(ended("r1"))
    assert admission.resume(case.state) == []


def test_a_trigger_without_an_answer_is_owed_one() -> None:
    case = given(created("s", SMALL), started())
    admission.evolve(case.state, case.history.add(triggered("s", "r"), "eve"))
    assert [answer.event.type for answer in admission.resume(case.state)] == ["RunRequested"]


def test_a_tick_disabled_before_it_stays_barred_when_its_schedule_is_enabled_again() -> None:
    case = given(created("s", enabled=False), started())
    for event in (triggered("s", "r"), toggled("s", enabled=True)):
        admission.evolve(case.state, case.history.add(event, "eve"))
    assert [answer.event.type for answer in admission.resume(case.state)] == ["RunSkipped"]


def test_the_same_trigger_again_gets_no_second_answer_while_its_run_goes() -> None:
    case = given(started(), created("s"), triggered("s", "r"))
    case.when(triggered("s", "r")).then()
