"""What deploy/ and docker-compose.yml say, as data: one shape for both, to compare with code."""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[1]
KUBERNETES: Final = ROOT / "deploy/k8s"

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Described:
    """One process as a deployment describes it. `secrets` are the file names it is given."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    secrets: frozenset[str]


def kustomized(folder: str) -> list[Manifest]:
    """What `kubectl kustomize` makes of a folder below deploy/k8s."""
    return list(yaml.safe_load_all(_kustomize(folder)))


def without_kubectl() -> bool:
    return shutil.which("kubectl") is None


def workloads(manifests: list[Manifest]) -> dict[str, Manifest]:
    kinds = ("Deployment", "StatefulSet", "Job")
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] in kinds}


def container(workload: Manifest) -> Manifest:
    (one,) = workload["spec"]["template"]["spec"]["containers"]
    return one


def in_kubernetes(workload: Manifest) -> Described:
    pod, one = workload["spec"]["template"]["spec"], container(workload)
    items = [
        item
        for volume in pod.get("volumes", [])
        for item in volume.get("secret", {}).get("items", [])
    ]
    return Described(
        name=workload["metadata"]["name"],
        command=tuple(one["command"]),
        environment={each["name"]: each["value"] for each in one.get("env", [])},
        secrets=frozenset(item["key"] for item in items),
    )


def compose() -> dict[str, Manifest]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def in_compose(name: str) -> Described:
    service = compose()[name]
    environment = {key: str(value) for key, value in service.get("environment", {}).items()}
    paths = [Path(v) for key, v in environment.items() if key.endswith("_FILE")]
    return Described(
        name=name,
        command=tuple(service["command"]),
        environment=environment,
        secrets=frozenset(path.name for path in paths),
    )


@cache
def _kustomize(folder: str) -> str:
    command = ["kubectl", "kustomize", str(KUBERNETES / folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
