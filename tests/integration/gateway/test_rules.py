"""What schedule-svc refuses, as a client of the gateway sees it."""

import asyncio

import pytest

from gateways import BENCHMARK, User

TAKEN = "A schedule with this name already exists"
FULL = "Maximum number of schedules (50) reached for this user"


@pytest.mark.feature("D4")
async def test_a_name_is_taken_once_per_user(ann: User, bob: User) -> None:
    first = await ann.send("POST", "/api/schedules", BENCHMARK, 201)
    assert (await ann.send("POST", "/api/schedules", BENCHMARK, 409))["detail"] == TAKEN
    await bob.send("POST", "/api/schedules", BENCHMARK, 201)
    other = await ann.send("POST", "/api/schedules", {**BENCHMARK, "name": "other"}, 201)
    name = {"name": BENCHMARK["name"]}
    refused = await ann.send("PATCH", f"/api/schedules/{other['id']}", name, 409)
    assert refused["detail"] == TAKEN
    await ann.send("DELETE", f"/api/schedules/{first['id']}")
    assert (await ann.send("PATCH", f"/api/schedules/{other['id']}", name))["name"] == name["name"]


async def test_an_unknown_zone_is_refused_on_create_and_on_update(ann: User) -> None:
    cron = {k: v for k, v in BENCHMARK.items() if k != "interval_hours"}
    cron |= {"cron_expression": "0 9 * * *"}
    made = await ann.send("POST", "/api/schedules", cron, 201)
    assert made["timezone"] == "UTC"
    wrong = {"timezone": "PST"}
    for verb, path, body in (
        ("POST", "/api/schedules", {**cron, "name": "other", **wrong}),
        ("PUT", f"/api/schedules/{made['id']}", wrong),
    ):
        problem = await ann.send(verb, path, body, 422)
        assert problem["detail"] == "Unknown time zone PST"
        assert [error["field"] for error in problem["errors"]] == ["timezone"]
    moved = await ann.send("PUT", f"/api/schedules/{made['id']}", {"timezone": "Asia/Tokyo"})
    assert (moved["timezone"], moved["cron_expression"]) == ("Asia/Tokyo", "0 9 * * *")
    assert moved["next_run"].endswith("T00:00:00Z")


@pytest.mark.feature("D28")
async def test_the_51st_schedule_is_refused_also_among_many_at_once(ann: User) -> None:
    async with asyncio.TaskGroup() as tasks:
        asked = [
            tasks.create_task(ann.client.post("/api/schedules", json={**BENCHMARK, "name": f"{n}"}))
            for n in range(54)
        ]
    answers = [task.result() for task in asked]
    refused = [answer.json()["detail"] for answer in answers if answer.status_code == 409]
    assert refused == [FULL] * 4
    assert (await ann.get("/api/schedules"))["count"] == 50
    made = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
    await ann.send("DELETE", f"/api/schedules/{made}")
    await ann.send("POST", "/api/schedules", {**BENCHMARK, "name": "room"}, 201)


@pytest.mark.feature("B24")
async def test_a_key_cannot_be_used_for_another_request(ann: User) -> None:
    await ann.send("POST", "/api/schedules", BENCHMARK, 201, Idempotency_Key="once")
    other = {**BENCHMARK, "name": "other"}
    problem = await ann.send("POST", "/api/schedules", other, 422, Idempotency_Key="once")
    assert "key" in problem["detail"].lower()
    assert (await ann.get("/api/schedules"))["count"] == 1
