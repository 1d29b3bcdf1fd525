"""What may be named, and what a name leads to."""

import pytest

from contracts.actions import Agent, Benchmark, Job
from contracts.inventory import Inventory, Unresolvable

INVENTORY = Inventory.model_validate(
    {
        "providers": {
            "openai": {"base_url": "https://o", "models": [{"id": "gpt-4o"}, {"id": "mini"}]},
            "mirror": {"base_url": "http://m", "models": [{"id": "gpt-4o"}, {"id": "openai/mini"}]},
        },
        "agents": {"ada": {"base_url": "http://a", "timeout_seconds": 77}},
        "directives": {"triage": {"text": "Read the logs."}, "calm": {"text": "Do nothing."}},
        "jobs": {"logs": {"agent": "ada", "directive": "triage"}},
    }
)


def test_a_bare_model_means_every_provider_that_has_it() -> None:
    targets = INVENTORY.targets(("gpt-4o",))
    assert [target.provider for target in targets] == ["openai", "mirror"]


def test_a_full_name_means_one_provider_and_no_target_is_named_twice() -> None:
    targets = INVENTORY.targets(("mirror/gpt-4o", "gpt-4o"))
    assert [(target.provider, target.model) for target in targets] == [
        ("mirror", "gpt-4o"),
        ("openai", "gpt-4o"),
    ]


def test_a_name_that_can_be_read_both_ways_is_refused_with_the_full_names() -> None:
    with pytest.raises(Unresolvable, match="two ways: mirror/openai/mini, openai/mini"):
        INVENTORY.targets(("openai/mini",))


@pytest.mark.parametrize(
    ("action", "field", "detail"),
    [
        (Benchmark(prompt="Hi", models=("nope",)), "models", "Unknown model nope"),
        (Agent(agent_name="bob", message="Hi"), "agent_name", "Agent not found"),
        (Job(job_key="nope"), "job_key", "Unknown job key"),
        (Job(job_key="logs", directive_id="nope"), "directive_id", "Directive not found"),
    ],
)
def test_what_is_gone_is_named(action: Benchmark | Agent | Job, field: str, detail: str) -> None:
    with pytest.raises(Unresolvable, match=detail) as refused:
        INVENTORY.resolve(action)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (Job(job_key="logs"), "Read the logs."),
        (Job(job_key="logs", custom_directive_text="Mine."), "Mine."),
        (Job(job_key="logs", directive_id="calm", custom_directive_text="Mine."), "Do nothing."),
    ],
)
def test_a_job_runs_its_directive_else_its_own_text_else_the_presets(job: Job, text: str) -> None:
    assert INVENTORY.resolve(job).text == text


def test_an_agents_own_timeout_holds_unless_the_schedule_names_one() -> None:
    assert INVENTORY.resolve(Agent(agent_name="ada", message="Hi")).timeout_seconds == 77


@pytest.mark.parametrize(
    "job", [{"directive": "triage"}, {"directive": "triage", "agent": "a", "model": "m"}]
)
def test_a_job_names_exactly_one_executor(job: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Inventory.model_validate({"directives": {"triage": {"text": "x"}}, "jobs": {"j": job}})


@pytest.mark.parametrize(
    ("job", "named"),
    [
        ({"directive": "x", "agent": "a"}, "jobs.j.directive"),
        ({"directive": "t", "agent": "a"}, "jobs.j.agent"),
        ({"directive": "t", "model": "a"}, "jobs.j.model"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(job: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Inventory.model_validate({"directives": {"t": {"text": "x"}}, "jobs": {"j": job}})
