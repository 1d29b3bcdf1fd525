"""What the processes of an installation are started with."""

from pathlib import Path

import pytest

from chassis.settings import Settings, load
from contracts.inventory import AgentOffer, Inventory, Provider
from tickmark import configuration, programs
from tickmark.exits import Misused
from tickmark.installation import Installation
from tickmark.programs import Place


def test_offers_at_the_simulator_follow_it_to_another_port() -> None:
    inventory = Inventory(
        providers={
            "simulator": Provider(base_url="http://127.0.0.1:8510"),
            "openai": Provider(base_url="https://api.openai.com"),
        },
        agents={"my-agent": AgentOffer(base_url="http://127.0.0.1:8510/agents/my-agent")},
    )
    settings = load(Settings, environ={}).model_copy(update={"inventory": inventory})
    assert programs.simulated(settings, 9000) == {
        "TICKMARK_PROVIDERS__SIMULATOR__BASE_URL": "http://127.0.0.1:9000",
        "TICKMARK_AGENTS__MY-AGENT__BASE_URL": "http://127.0.0.1:9000/agents/my-agent",
    }


def test_the_admin_password_reaches_no_service_by_inheritance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKMARK_ADMIN_PASSWORD", "kitten")
    environment = Place(Installation(tmp_path), None, {}).environment("gateway", {})
    assert "kitten" not in environment.values()


def test_a_providers_key_reaches_the_runner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "kitten")
    monkeypatch.delenv("AGENT_KEY", raising=False)
    inventory = Inventory(
        providers={"openai": Provider(base_url="https://x.org", api_key_env="OPENAI_API_KEY")},
        agents={"ada": AgentOffer(base_url="https://y.org", api_key_env="AGENT_KEY")},
    )
    keys = programs.keys(inventory)
    place = Place(Installation(tmp_path), None, {}, keys)
    given = {name: place.environment(name, {}).get("OPENAI_API_KEY") for name in programs.SERVICES}
    assert given == {
        "schedule-svc": None,
        "dispatcher-svc": None,
        "runner-svc": "kitten",
        "gateway": programs.HELD,
    }
    assert "AGENT_KEY" not in place.environment("gateway", {})


def test_a_server_gets_neither_keys_nor_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "kitten")
    monkeypatch.setenv("TICKMARK_ADMIN_PASSWORD", "kitten")
    simulator = programs.simulator(Installation(tmp_path), 1)
    environment = programs.bare(simulator, {"OPENAI_API_KEY"}).environment
    assert "kitten" not in environment.values()
    assert "PATH" in environment


def test_an_unknown_key_stops_the_start_with_its_name() -> None:
    with pytest.raises(Misused, match=r"runner\.slotz: unknown key"):
        configuration.check(None, {"TICKMARK_RUNNER__SLOTZ": "3"})


def test_the_port_asked_for_goes_before_the_configured_one() -> None:
    environ = {"TICKMARK_GATEWAY__PORT": "8600"}
    assert configuration.check(None, environ)[1] == 8600
    assert configuration.check(None, environ, 8700)[1] == 8700
