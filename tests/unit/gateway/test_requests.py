"""What a client's form means, in its own words."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.actions import Agent, Benchmark, Job
from contracts.commands import FieldError
from contracts.events.schedule import Definition
from contracts.specs import At, Cron, Every
from gateway.bodies import read
from gateway.wire.forms import ScheduleForm
from gateway.wire.invalid import Invalid, renamed
from gateway.wire.requests import creation, revision

NIGHTLY = Definition(
    name="nightly",
    description="every night",
    action=Benchmark(prompt="Explain recursion.", models=("gpt-4o",), timeout_seconds=60),
    spec=Cron(cron="0 3 * * *", timezone="Europe/Berlin"),
)
ASKING = Definition(
    name="ask",
    action=Agent(agent_name="my-agent", message="Hello"),
    spec=Every(every=timedelta(hours=6)),
)
TRIAGE = Definition(
    name="triage",
    action=Job(job_key="log_triage", directive_id="gpu", custom_directive_text="Look."),
    spec=Every(every=timedelta(minutes=5)),
)


def form(**fields: Any) -> ScheduleForm:
    return ScheduleForm.model_validate(fields)


def wrong(call: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        call()
    return {error.field: error.message for error in refused.value.errors}


@pytest.mark.parametrize("text", ["prompt", "message", "command_text", "custom_directive_text"])
def test_the_text_may_have_the_name_of_any_source(text: str) -> None:
    made = creation(form(name="x", agent_id="my-agent", interval_hours=1, **{text: "Hello"}))
    assert made.definition.action == Agent(agent_name="my-agent", message="Hello")
    assert made.names["action.message"] == text
    assert made.names["action.agent_name"] == "agent_id"


@pytest.mark.parametrize(
    ("fields", "spec"),
    [
        ({"interval_hours": 24}, Every(every=timedelta(days=1))),
        ({"interval_minutes": 5, "timezone": "UTC"}, Every(every=timedelta(minutes=5))),
        ({"interval_value": 3, "interval_unit": "days"}, Every(every=timedelta(days=3))),
        ({"cron_expr": "0 9 * * 1"}, Cron(cron="0 9 * * 1", timezone="UTC")),
        (
            {"cron_expression": "0 9 * * 1", "timezone": "Asia/Tokyo", "schedule_type": "cron"},
            Cron(cron="0 9 * * 1", timezone="Asia/Tokyo"),
        ),
        ({"spec": {"type": "every", "every": "90s"}}, Every(every=timedelta(seconds=90))),
    ],
)
def test_a_timing_may_be_written_in_five_ways(fields: dict[str, Any], spec: Any) -> None:
    made = creation(form(name="x", job_key="log_triage", **fields))
    assert made.definition.spec == spec


def test_defaults_are_the_actions_own() -> None:
    made = creation(form(name="x", models=["gpt-4o"], prompt="p", interval_hours=1))
    assert made.definition.action == Benchmark(
        prompt="p", models=("gpt-4o",), max_tokens=512, temperature=0.7
    )
    assert made.enabled is True
    assert made.definition.description is None


def test_every_missing_field_is_named_at_once() -> None:
    assert wrong(lambda: creation(form())) == {
        "name": "Required",
        "models": "Required: models, agent_name or job_key",
        "spec": "Required: an interval, a cron expression, or spec",
    }
    assert set(wrong(lambda: creation(form(kind="agent", schedule_type="cron")))) == {
        "name",
        "agent_name",
        "cron_expression",
    }
    assert wrong(lambda: creation(form(name="x", models=["m"], interval_hours=1))) == {
        "prompt": "Required"
    }


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"models": ["m"], "agent_name": "a"}, "agent_name"),
        ({"models": ["m"], "models_json": ["m"]}, "models_json"),
        ({"job_key": "j", "max_tokens": 5}, "max_tokens"),
        ({"agent_name": "a", "directive_id": "d"}, "directive_id"),
        ({"action": {"kind": "agent", "agent_name": "a", "message": "m"}, "prompt": "p"}, "prompt"),
    ],
)
def test_what_contradicts_itself_is_refused(fields: dict[str, Any], field: str) -> None:
    given = {"name": "x", "interval_hours": 1, "prompt": "p", **fields}
    assert list(wrong(lambda: creation(form(**given)))) == [field]


def test_the_canonical_form_stands_alone() -> None:
    spec = {"type": "at", "at": "2030-01-01T00:00:00Z"}
    made = creation(form(name="x", action=NIGHTLY.action.model_dump(), spec=spec))
    assert made.definition.action == NIGHTLY.action
    assert isinstance(made.definition.spec, At)
    assert made.names == {}


def test_nothing_given_changes_nothing() -> None:
    assert revision(form(), NIGHTLY).empty
    everything_null = dict.fromkeys(ScheduleForm.model_fields)
    left = revision(form(**everything_null), NIGHTLY.model_copy(update={"description": None}))
    assert left.change.model_fields_set == {"description", "action"}
    assert left.change.action == NIGHTLY.action.model_copy(update={"timeout_seconds": None})


def test_one_field_of_an_action_leaves_the_others() -> None:
    new = revision(form(max_tokens=100), NIGHTLY)
    assert new.change.model_fields_set == {"action"}
    assert new.change.action == NIGHTLY.action.model_copy(update={"max_tokens": 100})


def test_null_clears_what_is_optional() -> None:
    cleared = revision(form(description=None, timeout_seconds=None, prompt=None), NIGHTLY)
    assert cleared.change.description is None
    assert cleared.change.model_fields_set == {"description", "action"}
    assert isinstance(cleared.change.action, Benchmark)
    assert cleared.change.action.timeout_seconds is None
    assert cleared.change.action.prompt == "Explain recursion."
    bare = revision(form(directive_id=None, custom_directive_text=None), TRIAGE)
    assert bare.change.action == Job(job_key="log_triage")


def test_a_new_timing_replaces_the_old_one_and_a_zone_alone_moves_it() -> None:
    every = revision(form(interval_minutes=30), NIGHTLY).change.spec
    assert every == Every(every=timedelta(minutes=30))
    moved = revision(form(timezone="UTC"), NIGHTLY).change.spec
    assert moved == Cron(cron="0 3 * * *", timezone="UTC")
    later = revision(form(cron_expr="0 4 * * *"), NIGHTLY).change.spec
    assert later == Cron(cron="0 4 * * *", timezone="Europe/Berlin")
    assert revision(form(timezone="UTC"), ASKING).empty
    assert list(wrong(lambda: revision(form(timezone="Asia/Tokyo"), ASKING))) == ["timezone"]


def test_a_change_keeps_the_kind() -> None:
    assert list(wrong(lambda: revision(form(models=["gpt-4o"]), ASKING))) == ["models"]
    assert list(wrong(lambda: revision(form(kind="job"), ASKING))) == ["kind"]
    assert list(wrong(lambda: revision(form(schedule_type="cron"), ASKING))) == ["schedule_type"]
    whole = revision(form(action=NIGHTLY.action.model_dump()), ASKING)
    assert whole.change.action == NIGHTLY.action


def test_a_services_errors_come_in_the_clients_words() -> None:
    names = creation(form(name="x", models_json=["m"], prompt="p", cron_expr="61 * * * *")).names
    errors = tuple(
        FieldError(field=f, message="no") for f in ("action.models", "spec.cron", "name")
    )
    assert [e.field for e in renamed(errors, names)] == ["models_json", "cron_expr", "name"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"enabled": 1}', "enabled"),
        (b'{"interval_hours": "6"}', "interval_hours"),
        (b'{"temperature": "0.5"}', "temperature"),
        (b'{"temperature": NaN}', "temperature"),
        (b'{"models": "gpt-4o"}', "models"),
        (b'{"models": [1]}', "models"),
        (b'{"max_global": 0}', "max_global"),
        (b'{"spec": {"type": "cron", "cron": 5}}', "spec.cron"),
        (b'{"action": {"kind": "benchmark", "prompt": "p"}}', "action.models"),
    ],
)
def test_json_types_are_taken_at_their_word(body: bytes, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(ScheduleForm, body)
    assert [error.field for error in refused.value.errors] == [field]


def test_whole_numbers_are_temperatures_too() -> None:
    assert read(ScheduleForm, b'{"temperature": 1, "name": " x "}').temperature == 1.0
