"""Compose and Kubernetes start the services that the code has, with settings it understands."""

from importlib.util import find_spec
from pathlib import Path

import pytest

import deployment
from chassis.settings import FILE_SUFFIX, Settings, load
from deployment import Described
from tickmark import credentials
from tickmark.configuration import models
from tickmark.programs import SERVICES

PROBES = {"schedule-svc": 8080, "dispatcher-svc": 8080, "runner-svc": 8080, "gateway": 8501}


def described() -> list[Described]:
    found = [deployment.in_compose(name) for name in SERVICES]
    if not deployment.without_kubectl():
        local = deployment.workloads(deployment.kustomized("overlays/local"))
        found += [deployment.in_kubernetes(local[name]) for name in SERVICES]
    return found


@pytest.fixture(params=described(), ids=lambda each: each.name)
def service(request: pytest.FixtureRequest) -> Described:
    return request.param


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    credentials.write(tmp_path)
    return tmp_path


def settings_of(service: Described, folder: Path) -> Settings:
    """What the service would read at its start, its secret files being in `folder`."""
    environment = {
        name: str(secret_file(service, folder, value)) if name.endswith(FILE_SUFFIX) else value
        for name, value in service.environment.items()
    }
    return load(models()[service.name], deployment.ROOT / "config.yaml", environment)


def secret_file(service: Described, folder: Path, path: str) -> Path:
    """Kubernetes mounts the two that every service has under shorter names."""
    name = Path(path).name
    short = f"{SERVICES[service.name]}.{name}"
    return folder / (short if short in service.secrets else name)


def test_compose_starts_every_service_there_is() -> None:
    ours = {name for name, each in deployment.compose().items() if each.get("healthcheck")}
    assert ours - {"postgres", "nats"} == set(SERVICES)


def test_the_command_is_a_module_that_exists(service: Described) -> None:
    assert service.command == ("python", "-m", service.name.replace("-", "_"))
    assert find_spec(service.command[2]) is not None


def test_the_service_accepts_its_settings(service: Described, secrets: Path) -> None:
    settings = settings_of(service, secrets)
    assert settings.nats.url == "nats://nats:4222"
    assert "postgres:5432/tickmark" in settings.postgres.dsn.get_secret_value()


def test_the_service_logs_in_as_itself_and_nobody_else(service: Described, secrets: Path) -> None:
    settings, ours = settings_of(service, secrets), SERVICES[service.name]
    assert f"//tickmark_{ours}_login:" in settings.postgres.dsn.get_secret_value()
    assert settings.nats.user == ours
    assert settings.nats.password is not None
    assert settings.nats.password.get_secret_value() == (secrets / f"{ours}.nats").read_text()


def test_the_service_is_given_no_secret_of_another(service: Described) -> None:
    own = {f"{SERVICES[service.name]}.dsn", f"{SERVICES[service.name]}.nats"}
    only_gateway = {"token.secret", "admin.password"} if service.name == "gateway" else set[str]()
    assert service.secrets == own | only_gateway


def test_every_secret_asked_for_is_one_that_is_drawn(service: Described, secrets: Path) -> None:
    assert service.secrets <= {path.name for path in secrets.iterdir()}


def test_the_probed_port_is_the_one_that_answers(service: Described, secrets: Path) -> None:
    answers = settings_of(service, secrets)
    port = answers.health.port if service.name != "gateway" else PROBES["gateway"]
    assert port == PROBES[service.name]
    assert service.environment.get("PROBE", str(port)) == str(port)


def test_the_simulator_stands_where_the_services_look(service: Described, secrets: Path) -> None:
    inventory = settings_of(service, secrets).inventory
    assert inventory.providers["simulator"].base_url == "http://simulator:8510"
    assert inventory.agents["my-agent"].base_url == "http://simulator:8510/agents/my-agent"
    assert "8510" in deployment.compose()["simulator"]["command"]
