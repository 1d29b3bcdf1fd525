"""docker-compose.yml as Docker would take it, and the recipe of its image."""

import re
import shutil
import subprocess

import pytest

import deployment

DOCKERFILE = (deployment.ROOT / "deploy/docker/Dockerfile").read_text()


def plugin_is_missing() -> bool:
    if shutil.which("docker") is None:
        return True
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return asked.returncode != 0


@pytest.mark.skipif(plugin_is_missing(), reason="docker compose is not installed")
def test_docker_compose_takes_the_file() -> None:
    command = ["docker", "compose", "config", "--quiet"]
    asked = subprocess.run(command, cwd=deployment.ROOT, capture_output=True, check=False)
    assert asked.returncode == 0, asked.stderr.decode()


def test_who_is_waited_for_exists_and_can_say_that_it_is_well() -> None:
    services = deployment.compose()
    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            assert name in services
            assert wait["condition"] != "service_healthy" or "healthcheck" in services[name]


def test_every_volume_that_is_used_is_declared() -> None:
    named = re.findall(r'"(\w+):/(?!/)', (deployment.ROOT / "docker-compose.yml").read_text())
    text = (deployment.ROOT / "docker-compose.yml").read_text()
    assert {f"  {name}:\n" for name in named} <= set(
        text[text.index("\nvolumes:") :].splitlines(True)
    )


def test_only_the_gateway_can_be_reached_and_only_from_this_machine() -> None:
    ports = {name: each["ports"] for name, each in deployment.compose().items() if "ports" in each}
    assert ports == {"gateway": ["127.0.0.1:8501:8501"]}


def test_no_secret_stands_in_the_file() -> None:
    for name in deployment.compose():
        for key, value in deployment.compose()[name].get("environment", {}).items():
            assert not re.search(r"PASSWORD$|SECRET$|DSN$", key), f"{name}: {key}"
            assert "://" not in str(value) or "@" not in str(value), f"{name}: {key}"


def test_the_image_knows_every_member_of_the_workspace() -> None:
    members = [
        path.parent.relative_to(deployment.ROOT)
        for pattern in ("libs/*", "services/*", "cli", "simulator")
        for path in deployment.ROOT.glob(f"{pattern}/pyproject.toml")
    ]
    assert len(members) == 10
    for member in members:
        assert f"COPY {member}/pyproject.toml {member}/" in DOCKERFILE


def test_the_image_does_not_run_as_root() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER \d+:\d+$", last_stage, re.MULTILINE)
