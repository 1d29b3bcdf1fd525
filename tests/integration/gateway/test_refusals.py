"""Every refusal is a problem document, and stores nothing."""

import asyncio
from typing import Any

import pytest

from gateways import BENCHMARK, Gate, User


def without(*fields: str, **given: Any) -> dict[str, Any]:
    return {name: value for name, value in BENCHMARK.items() if name not in fields} | given


@pytest.mark.feature("D29")
@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["name", "models", "spec"]),
        (without("name", "prompt"), ["name", "prompt"]),
        (without(name="   "), ["name"]),
        (without(name="x" * 257), ["name"]),
        (without(models=[]), ["models"]),
        (without("models"), ["models"]),
        (without(prompt=""), ["prompt"]),
        (without(max_tokens="512", temperature=2.5), ["max_tokens", "temperature"]),
        (without(max_tokens=512.5), ["max_tokens"]),
        (without(enabled="yes"), ["enabled"]),
        (without(interval_minutes=5), ["interval_minutes"]),
        (without("interval_hours"), ["spec"]),
        (without("interval_hours", interval_value=3), ["interval_unit"]),
        (without(interval_hours=721), ["interval_hours"]),
        (without(interval_hours=1.5), ["interval_hours"]),
        (without(schedule_type="cron"), ["schedule_type"]),
        (without(timezone="Europe/Berlin"), ["timezone"]),
        (without(agent_name="my-agent"), ["agent_name"]),
        (without(job_key="log_triage"), ["job_key"]),
        (without(kind="agent"), ["kind"]),
        (without(message="again"), ["message"]),
        (without(surprise=1), ["surprise"]),
        (without(tags=["a"], max_retries=3), ["tags", "max_retries"]),
        (without(prompt="a\x00b"), ["prompt"]),
        (without(timeout_seconds=29), ["timeout_seconds"]),
        (
            {
                "name": "x",
                "action": {"kind": "benchmark", "prompt": "p", "models": ["m"], "max_tokens": "1"},
                "spec": {"type": "every", "every": "soon"},
            },
            ["action.max_tokens", "spec.every"],
        ),
    ],
)
async def test_wrong_input_is_refused_naming_each_field(
    ann: User, gateway: Gate, body: dict[str, Any], fields: list[str]
) -> None:
    before = await gateway.parts.site.log.head()
    response = await ann.client.post("/api/schedules", json=body)
    problem = response.json()
    assert response.status_code == 422, problem
    assert response.headers["content-type"] == "application/problem+json"
    assert sorted(error["field"] for error in problem["errors"]) == sorted(fields)
    assert all(error["message"] for error in problem["errors"])
    assert isinstance(problem["detail"], str)
    assert (problem["status"], problem["instance"]) == (422, "/api/schedules")
    assert await gateway.parts.site.log.head() == before


async def test_fields_of_later_versions_are_refused_as_such(ann: User) -> None:
    problem = await ann.send("POST", "/api/schedules", without(tags=[]), 422)
    assert problem["errors"] == [{"field": "tags", "message": "Not supported in this version"}]


@pytest.mark.parametrize("body", [b"{no json", b"", b'{"name": "\xff"}'])
async def test_malformed_json_is_400(ann: User, body: bytes) -> None:
    response = await ann.client.post("/api/schedules", content=body)
    assert response.status_code == 400, response.text
    assert response.json()["title"] == "Bad Request"


async def test_a_body_that_is_too_large_is_413(ann: User) -> None:
    response = await ann.client.post("/api/schedules", content=b" " * (1024 * 1024 + 1))
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("POST", "/api/nothing/at/all/", 404),
        ("PUT", "/api/schedules", 405),
        ("DELETE", "/api/runs/", 405),
        ("GET", "/api", 404),
        ("POST", "/schedules", 405),
    ],
)
async def test_what_is_not_there_is_a_problem_too(
    gateway: Gate, verb: str, path: str, status: int
) -> None:
    response = await gateway.client.request(verb, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert ("allow" in response.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/api/schedules/1/run-now/", "/api/runs/abc"])
async def test_an_id_of_another_form_names_nothing(ann: User, path: str) -> None:
    verb = "POST" if "run-now" in path else "GET"
    assert (await ann.send(verb, path, status=404))["detail"].endswith("not found")


@pytest.mark.feature("B84")
async def test_without_anyone_to_ask_a_write_is_503_and_nothing_is_stored(
    ann: User, gateway: Gate
) -> None:
    await gateway.service.bus.client.close()
    before = await gateway.parts.site.log.head()
    response = await ann.client.post("/api/schedules", json=BENCHMARK)
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    assert await gateway.parts.site.log.head() == before
    assert (await ann.get("/api/schedules"))["count"] == 0


async def test_a_service_that_comes_back_in_time_is_waited_for(ann: User, gateway: Gate) -> None:
    await gateway.service.stop()
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(ann.client.post("/api/schedules", json=BENCHMARK))
        await gateway.service.start()
    assert asking.result().status_code == 201


async def test_what_nobody_expected_is_a_problem_that_tells_nothing(
    ann: User, gateway: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("gateway.reads.schedules", broken)
    response = await ann.client.get("/api/schedules")
    assert response.status_code == 500
    assert response.json()["detail"] == "Internal error"
    assert "secret" not in response.text
