"""How schedules, runs and the offer look to a client."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.settings import LimitSettings
from contracts.actions import Action, Agent, Benchmark, Job, Target
from contracts.events.schedule import Definition
from contracts.inventory import AgentOffer, Directive, Inventory, JobOffer, Provider
from contracts.samples import Call, CallError, Metrics
from contracts.specs import At, Cron, Every, Spec
from executions import call_to
from gateway.agents import may_use
from gateway.tokens import Caller
from gateway.views.rows import CallRow, Last, RunRow, ScheduleRow
from gateway.wire import history, offers
from gateway.wire.job import job
from gateway.wire.result import error_text, rate
from gateway.wire.run import history_item
from gateway.wire.run import shown as shown_run
from gateway.wire.schedule import answered, shown

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ID = UUID(int=7)
RUN = UUID(int=8)
GPT = Target(provider="openai", model="gpt-4o", display_name="GPT-4o")
OFFER = Inventory(
    providers={"openai": Provider(base_url="https://me:pw@api.x/v1?k=1")},
    agents={"owl": AgentOffer(base_url="http://owl", display_name="The owl", timeout_seconds=90)},
    directives={"d": Directive(text="Look at the logs.", display_name="Looking")},
    jobs={"j": JobOffer(directive="d", agent="owl", display_name="The job", timeout_seconds=70)},
)
BENCHMARK = Benchmark(prompt="p", models=("gpt-4o",))


DAILY = Every(every=timedelta(days=1))


def schedule(action: Action = BENCHMARK, spec: Spec = DAILY) -> ScheduleRow:
    definition = Definition(name="x", action=action, spec=spec)
    return ScheduleRow(
        ID, "ann", 3, "x", action.kind, None, True, definition.model_dump_json(), AT, AT, AT
    )


def run(**given: Any) -> RunRow:
    made = RunRow(RUN, "ann", 5, ID, "x", "benchmark", None, "schedule", AT, AT, "success")
    return replace(made, **given)


def rows(*calls: Call) -> list[CallRow]:
    return [
        CallRow(RUN, call.call_id, n, n + 1, call.model_dump_json()) for n, call in enumerate(calls)
    ]


@pytest.mark.parametrize(
    ("every", "forms"),
    [
        (timedelta(days=1), (24, 1440, 1, "days")),
        (timedelta(hours=36), (36, 2160, 36, "hours")),
        (timedelta(minutes=90), (None, 90, 90, "minutes")),
        (timedelta(seconds=90), (None, None, None, None)),
    ],
)
def test_an_interval_shows_in_every_form_that_is_whole(
    every: timedelta, forms: tuple[object, ...]
) -> None:
    seen = shown(schedule(spec=Every(every=every)), None, OFFER)
    assert (
        seen.interval_hours,
        seen.interval_minutes,
        seen.interval_value,
        seen.interval_unit,
    ) == forms
    assert (seen.schedule_type, seen.cron_expression, seen.timezone) == ("interval", None, "UTC")


def test_a_cron_and_an_instant_show_as_what_they_are() -> None:
    cron = shown(schedule(spec=Cron(cron="0 9 * * *", timezone="Asia/Tokyo")), None, OFFER)
    assert cron.cron_expression == cron.cron_expr == "0 9 * * *"
    assert (cron.timezone, cron.schedule_type, cron.interval_hours) == ("Asia/Tokyo", "cron", None)
    assert shown(schedule(spec=At(at=AT)), None, OFFER).schedule_type == "one_shot"


def test_fields_of_another_kind_are_null() -> None:
    agent = shown(schedule(Agent(agent_name="owl", message="Hi")), None, OFFER)
    assert agent.message == agent.command_text == agent.prompt == "Hi"
    assert (agent.agent_id, agent.agent_nickname, agent.timeout_seconds) == ("owl", "The owl", 90)
    assert agent.models is agent.max_tokens is agent.job is agent.custom_directive_text is None
    benchmark = shown(schedule(), None, OFFER)
    assert benchmark.message is benchmark.agent_name is benchmark.job_key is None
    assert (benchmark.timeout_seconds, benchmark.max_tokens) == (120, 512)


def test_a_job_shows_its_preset_and_its_directive() -> None:
    seen = shown(schedule(Job(job_key="j", directive_id="d")), None, OFFER)
    assert seen.job is not None
    assert seen.job.display_name == "The job"
    assert seen.directive is not None
    assert (seen.directive.summary, seen.timeout_seconds) == ("Look at the logs.", 70)
    assert seen.custom_directive_text is None


def test_what_left_the_configuration_still_shows() -> None:
    gone = shown(schedule(Job(job_key="gone", directive_id="gone")), None, Inventory())
    assert (gone.job_key, gone.timeout_seconds) == ("gone", 300)
    assert shown(schedule(Agent(agent_name="gone", message="m")), None, Inventory()).timeout_seconds


def test_the_last_run_shows_in_both_spellings() -> None:
    seen = shown(schedule(), Last(RUN, AT, "failed"), OFFER)
    assert seen.last_run == seen.last_run_at == AT
    assert (seen.last_run_id, seen.last_run_status) == (RUN, "failed")
    document = answered(seen, "ok").model_dump(mode="json")
    assert (document["status"], document["last_run"]) == ("ok", "2026-11-21T09:00:00Z")


def test_a_target_that_was_called_again_shows_its_latest_call() -> None:
    seen = shown_run(run(), rows(call_to(GPT, failed=True), call_to(GPT)))
    (result,) = seen.results
    assert (result.success, result.attempt, result.model) == (True, 2, "GPT-4o")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("rate_limited", "[rate_limited] sorry"),
        ("auth", "[auth_failed] sorry"),
        ("timeout_idle", "[timeout] sorry"),
        ("server_error", "sorry"),
        ("ok", None),
    ],
)
def test_an_error_begins_with_the_tag_that_clients_know(status: str, text: str | None) -> None:
    call = call_to(GPT, status=status, error=CallError(message="sorry"))
    assert error_text(call) == text


def test_an_error_has_at_most_500_characters() -> None:
    call = call_to(GPT, status="auth", error=CallError(message="x" * 500))
    assert len(error_text(call) or "") == 500


def test_unknown_is_null_and_never_zero() -> None:
    assert rate(None, 1.0) is rate(5, None) is rate(5, 0.0) is None
    (result,) = shown_run(run(), rows(call_to(GPT, metrics=Metrics()))).results
    assert result.total_time_s is result.tokens_per_second is result.cost is None


def test_the_sources_histories_show_a_partial_run_as_failed() -> None:
    partial = run(status="partial", completed_at=AT, error="one failed")
    assert shown_run(partial, []).status == "partial"
    record = history.recorded(partial, [])
    assert (record.status, record.outcome) == ("failed", "partial")
    item = history_item(partial)
    assert (item.status, item.state, item.error_summary) == ("failed", "failed", "one failed")
    assert history_item(run(status="running")).state == "started"


def test_progress_is_unknown_until_the_targets_are() -> None:
    assert job(run(status="pending"), 0).progress_pct is None
    assert job(run(status="failed", error="no"), 0).progress_pct == 100


def test_addresses_are_shown_without_credentials() -> None:
    seen = offers.configuration(OFFER, ["owl"], LimitSettings(), set())
    assert seen.providers["openai"].base_url == "https://api.x/v1"
    assert "owl" not in offers.configuration(OFFER, [], LimitSettings(), set()).agents


def test_an_agent_is_for_its_owner_those_it_is_shared_with_and_admins() -> None:
    shared = AgentOffer(base_url="http://x", owner="Ann@x.org", shared_with=("Bob@x.org",))
    eve = Caller("id", "eve@x.org", "user", AT)
    assert may_use(shared, replace(eve, email="ann@x.org"))
    assert may_use(shared, replace(eve, email="bob@x.org"))
    assert may_use(shared, replace(eve, role="admin"))
    assert not may_use(shared, eve)
    assert may_use(AgentOffer(base_url="http://x"), eve)
    assert not may_use(AgentOffer(base_url="http://x", shared_with=()), replace(eve, email=""))
