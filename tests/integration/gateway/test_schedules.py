"""Schedules over REST, from outside."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateways import BENCHMARK, Gate, User


async def made(user: User, **fields: Any) -> dict[str, Any]:
    return await user.send("POST", "/api/schedules", {**BENCHMARK, **fields}, 201)


@pytest.mark.feature("D18", "D14")
async def test_a_created_schedule_is_answered_whole_with_its_next_run(ann: User) -> None:
    response = await ann.client.post("/api/schedules", json=BENCHMARK)
    assert response.status_code == 201
    schedule = response.json()
    assert response.headers["location"] == f"/api/schedules/{schedule['id']}"
    assert schedule["status"] == "ok"
    assert schedule["models"] == BENCHMARK["models"]
    assert (schedule["interval_hours"], schedule["interval_unit"]) == (24, "days")
    assert schedule["owner"] == schedule["user_id"] == ann.id
    assert schedule["next_run"] == schedule["next_run_at"] is not None
    assert schedule["next_run"].endswith("Z")
    assert schedule["last_run"] is schedule["last_run_at"] is None
    read = await ann.get(f"/api/schedules/{schedule['id']}")
    assert read == {name: value for name, value in schedule.items() if name != "status"}


@pytest.mark.feature("D33")
async def test_texts_come_back_exactly_as_they_were_sent(ann: User) -> None:
    text = '<b>Grüße</b>\r\n"quoted" \\ \t 你好 🎯'
    schedule = await made(ann, name=f"  {text[:-2]}x ", prompt=text, description=text)
    assert schedule["name"] == f"{text[:-2]}x"
    assert schedule["prompt"] == schedule["description"] == text


@pytest.mark.feature("D19")
async def test_the_list_is_newest_first_with_and_without_a_slash(ann: User) -> None:
    ids = [(await made(ann, name=f"number {n}"))["id"] for n in range(3)]
    plain = await ann.get("/api/schedules")
    assert [each["id"] for each in plain["schedules"]] == ids[::-1]
    assert plain["count"] == 3
    assert plain["next_cursor"] is None
    assert "results" not in plain
    slashed = await ann.get("/api/schedules/")
    assert slashed["results"] == slashed["schedules"] == plain["schedules"]
    assert slashed["next"] is slashed["previous"] is None


async def test_pages_do_not_shift_while_items_come_and_go(ann: User) -> None:
    ids = [(await made(ann, name=f"number {n}"))["id"] for n in range(4)]
    first = await ann.get("/api/schedules/", limit=2)
    assert [each["id"] for each in first["schedules"]] == [ids[3], ids[2]]
    await ann.send("DELETE", f"/api/schedules/{ids[2]}")
    await made(ann, name="number 4")
    second = await ann.get(first["next"])
    assert [each["id"] for each in second["results"]] == [ids[1], ids[0]]
    assert second["next_cursor"] is None


async def test_a_cursor_of_nobodys_making_is_refused_by_name(ann: User) -> None:
    problem = await ann.get("/api/schedules", 422, cursor="bm9uc2Vuc2U")
    assert [error["field"] for error in problem["errors"]] == ["cursor"]
    problem = await ann.get("/api/runs", 422, limit=501)
    assert [error["field"] for error in problem["errors"]] == ["limit"]


@pytest.mark.feature("D20")
async def test_the_list_can_be_filtered(ann: User) -> None:
    off = await made(ann, name="off", enabled=False)
    agent = {"name": "agent", "agent_id": "my-agent", "message": "hi", "interval_minutes": 5}
    on = await ann.send("POST", "/api/schedules", agent, 201)
    for query, expected in (
        ({"enabled": "true"}, [on]),
        ({"enabled": "false"}, [off]),
        ({"agent": "my-agent"}, [on]),
        ({"agent_id": "my-agent"}, [on]),
        ({"kind": "benchmark"}, [off]),
        ({"agent": "nobody"}, []),
    ):
        found = await ann.get("/api/schedules", 200, **query)
        assert [each["id"] for each in found["schedules"]] == [each["id"] for each in expected]
        assert found["count"] == len(expected)


@pytest.mark.feature("D9")
@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
async def test_a_change_touches_only_what_it_names(ann: User, verb: str) -> None:
    before = await made(ann, description="old")
    address = f"/api/schedules/{before['id']}"
    after = await ann.send(verb, address, {"max_tokens": 100})
    changed = {name for name in before if before[name] != after[name]}
    assert {"max_tokens", "action", "updated_at"} == changed
    assert (after["max_tokens"], after["description"], after["status"]) == (100, "old", "ok")
    cleared = await ann.send(verb, address, {"description": None, "name": None, "prompt": None})
    changed = {name for name in after if after[name] != cleared[name]}
    assert changed == {"description", "updated_at"}
    assert cleared["description"] is None
    assert await ann.send(verb, address, {}) == cleared


@pytest.mark.feature("D26")
async def test_enabled_in_a_change_is_what_enable_does(ann: User, gateway: Gate) -> None:
    schedule = await made(ann)
    address = f"/api/schedules/{schedule['id']}"
    paused = await ann.send("PUT", address, {"enabled": False})
    assert (paused["enabled"], paused["next_run"]) == (False, None)
    resumed = await ann.send("POST", f"{address}/enable")
    assert (resumed["enabled"], resumed["status"]) == (True, "enabled")
    assert resumed["schedule_id"] == schedule["id"]
    again = await ann.send("POST", f"{address}/disable/")
    assert (again["enabled"], again["status"]) == (False, "disabled")


@pytest.mark.feature("D21")
async def test_what_is_deleted_is_gone_for_every_verb(ann: User) -> None:
    schedule = await made(ann)
    address = f"/api/schedules/{schedule['id']}"
    assert await ann.send("DELETE", address) == {"status": "ok", "id": schedule["id"]}
    for verb, path, body in (
        ("GET", address, None),
        ("PUT", address, {"name": "again"}),
        ("DELETE", address, None),
        ("POST", f"{address}/trigger", None),
        ("GET", f"{address}/runs", None),
        ("GET", f"{address}/history", None),
    ):
        problem = await ann.send(verb, path, body, 404)
        assert problem["detail"] == "Schedule not found"
    assert (await ann.get("/api/schedules"))["schedules"] == []


@pytest.mark.feature("D31")
@pytest.mark.parametrize("verb", ["trigger", "run-now", "execute"])
async def test_a_trigger_answers_at_once_with_a_run_that_can_be_read(ann: User, verb: str) -> None:
    schedule = await made(ann, enabled=False)
    answer = await ann.send("POST", f"/api/schedules/{schedule['id']}/{verb}/", status=202)
    assert answer == {
        "status": "triggered",
        "message": "Benchmark triggered",
        "schedule_id": schedule["id"],
        "run_id": answer["run_id"],
        "execution_id": answer["run_id"],
    }
    run = await ann.get(f"/api/runs/{answer['run_id']}")
    assert (run["status"], run["triggered_by"]) == ("pending", "manual")
    after = await ann.get(f"/api/schedules/{schedule['id']}")
    assert after["last_run_id"] == answer["run_id"]
    assert after["last_run"] is not None
    assert after["last_run_status"] == "pending"


@pytest.mark.feature("B24")
async def test_a_repeated_key_gets_the_first_answer_and_does_nothing_twice(ann: User) -> None:
    key = str(uuid4())
    first = await ann.send("POST", "/api/schedules", BENCHMARK, 201, Idempotency_Key=key)
    again = await ann.send("POST", "/api/schedules", BENCHMARK, 201, Idempotency_Key=key)
    assert again == first
    assert (await ann.get("/api/schedules"))["count"] == 1


@pytest.mark.feature("B25")
async def test_a_read_says_where_it_stands_and_waits_when_asked(ann: User, gateway: Gate) -> None:
    schedule = await made(ann)
    response = await ann.client.get("/api/schedules")
    position = int(response.headers["x-log-position"])
    reading = ann.get(f"/api/schedules/{schedule['id']}", min_position=position + 1)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(reading)
        await gateway.executions.tick(UUID(schedule["id"]))
    assert waiting.result()["last_run_status"] == "pending"


async def test_a_position_that_does_not_come_is_a_503_with_a_hint(
    ann: User, gateway: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(gateway.parts.site.freshness).reach, "__defaults__", (0.05,))
    response = await ann.client.get("/api/schedules", params={"min_position": 10_000})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"


async def test_refusals_of_the_service_name_the_clients_fields(ann: User) -> None:
    for fields, field, message in (
        ({"interval_hours": None, "interval_minutes": 3}, "interval_minutes", "at least 5 minutes"),
        ({"interval_hours": None, "cron_expr": "61 *"}, "cron_expr", "Invalid cron"),
        ({"models": None, "models_json": ["gpt-99"]}, "models_json", "Unknown model gpt-99"),
    ):
        problem = await ann.send("POST", "/api/schedules", {**BENCHMARK, **fields}, 422)
        (error,) = problem["errors"]
        assert error["field"] == field
        assert message in error["message"]
        assert message in problem["detail"]


@pytest.mark.feature("O16")
async def test_the_requests_of_the_sources_examples_work(ann: User) -> None:
    job = {
        "name": "test-schedule",
        "job_key": "log_triage",
        "enabled": True,
        "schedule_type": "interval",
        "interval_minutes": 5,
        "timezone": "UTC",
    }
    for body, path in ((BENCHMARK, "/api/schedules"), (job, "/api/schedules/")):
        schedule = await ann.send("POST", path, body, 201)
        address = f"/api/schedules/{schedule['id']}"
        assert (await ann.send("PUT", address, {"enabled": False}))["enabled"] is False
        assert await ann.get(f"{address}/history/") == {
            "items": [],
            "count": 0,
            "next_cursor": None,
        }
        for verb in ("trigger", "run-now/"):
            assert (await ann.send("POST", f"{address}/{verb}", status=202))["run_id"]
        assert (await ann.get(f"{address}/history/"))["count"] == 2
        assert (await ann.send("DELETE", address))["status"] == "ok"
    found = await ann.get("/api/agents/my-agent/activities?activity_type=schedule_start&limit=20")
    assert found == {"agent_name": "my-agent", "count": 0, "activities": []}
    query = "activity_types=schedule_start&start_time=2025-12-02T00:00:00"
    assert (await ann.get(f"/api/activities/timeline?{query}"))["count"] == 0


@pytest.mark.feature("D11")
async def test_a_job_comes_back_with_its_preset(ann: User) -> None:
    body = {"name": "triage", "job_key": "log_triage", "interval_minutes": 5}
    schedule = await ann.send("POST", "/api/schedules/", body, 201)
    assert schedule["kind"] == "job"
    assert schedule["job"] == {"key": "log_triage", "display_name": "Log triage"}
    assert schedule["models"] is schedule["agent_name"] is None
