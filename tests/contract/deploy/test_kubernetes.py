"""The manifests as Kubernetes would take them: rendered, whole, and without privileges."""

import copy
import os

import kubernetes_validate
import pytest

import deployment
from deployment import Manifest

pytestmark = pytest.mark.skipif(deployment.without_kubectl(), reason="kubectl is not installed")

OVERLAY = "overlays/local"
SCHEMAS = kubernetes_validate.latest_version()


def rendered() -> list[Manifest]:
    return deployment.kustomized(OVERLAY)


@pytest.fixture(params=["Deployment", "StatefulSet", "Job"])
def kind(request: pytest.FixtureRequest) -> list[Manifest]:
    found = [each for each in rendered() if each["kind"] == request.param]
    assert found
    return found


@pytest.mark.parametrize("folder", ["base", OVERLAY])
def test_the_api_server_would_take_every_object(folder: str) -> None:
    for manifest in deployment.kustomized(folder):
        kubernetes_validate.validate(manifest, SCHEMAS, strict=True)


def test_a_misspelled_field_would_not_be_taken() -> None:
    (job,) = (each for each in copy.deepcopy(rendered()) if each["kind"] == "Job")
    job["spec"]["backofLimit"] = 3
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, SCHEMAS, strict=True)


def test_every_object_is_in_the_namespace_of_tickmark() -> None:
    spaces = {
        each["metadata"].get("namespace") for each in rendered() if each["kind"] != "Namespace"
    }
    assert spaces == {"tickmark"}


def test_nothing_is_described_twice() -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in rendered()]
    assert len(names) == len(set(names))


def test_no_container_has_privileges(kind: list[Manifest]) -> None:
    for workload in kind:
        pod, one = workload["spec"]["template"]["spec"], deployment.container(workload)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_every_container_says_what_it_needs_and_where_it_ends(kind: list[Manifest]) -> None:
    for workload in kind:
        resources = deployment.container(workload)["resources"]
        assert set(resources["requests"]) == {"cpu", "memory"}
        assert "memory" in resources["limits"]


def test_every_server_is_probed_on_a_port_it_has() -> None:
    for name, workload in deployment.workloads(rendered()).items():
        one = deployment.container(workload)
        ports = {port["name"] for port in one.get("ports", [])}
        probes = [one[probe] for probe in ("livenessProbe", "readinessProbe") if probe in one]
        assert len(probes) == (0 if name == "migrate" else 2)
        for probe in probes:
            asked = probe.get("httpGet") or probe.get("tcpSocket")
            assert asked is None or asked["port"] in ports


def test_services_reach_pods_that_exist_on_ports_they_have() -> None:
    pods = {
        each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"]: each
        for each in deployment.workloads(rendered()).values()
    }
    for service in (each for each in rendered() if each["kind"] == "Service"):
        pod = pods[service["spec"]["selector"]["app.kubernetes.io/name"]]
        ports = deployment.container(pod)["ports"]
        for port in service["spec"]["ports"]:
            target = port.get("targetPort", port["port"])
            assert target in {each["name"] for each in ports} | {
                each["containerPort"] for each in ports
            }


def test_policies_and_budgets_select_pods_that_exist() -> None:
    names = set(deployment.workloads(rendered()))
    kinds = {"NetworkPolicy": "podSelector", "PodDisruptionBudget": "selector"}
    for each in rendered():
        if each["kind"] in kinds:
            wanted = each["spec"][kinds[each["kind"]]].get("matchLabels")
            assert each["metadata"]["name"] == "deny" or (wanted["app.kubernetes.io/name"] in names)


def test_what_is_kept_outlives_its_pod() -> None:
    for name in ("postgres", "nats"):
        workload = deployment.workloads(rendered())[name]
        (claim,) = workload["spec"]["volumeClaimTemplates"]
        mounts = {each["name"] for each in deployment.container(workload)["volumeMounts"]}
        assert claim["metadata"]["name"] in mounts


def test_every_folder_of_manifests_is_used_by_the_overlay() -> None:
    named = "\n".join(
        path.read_text() for path in deployment.KUBERNETES.rglob("kustomization.yaml")
    )
    for folder, _, files in os.walk(deployment.KUBERNETES):
        for file in files:
            if file != "kustomization.yaml":
                assert file in named, f"{folder}/{file}"
