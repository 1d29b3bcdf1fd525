"""Runs and their history over REST, from the events of the services behind."""

from typing import Any
from uuid import UUID

import pytest

from gateways import BENCHMARK, Gate, User

AGENT = {
    "name": "ask",
    "agent_name": "my-agent",
    "message": "Hello",
    "cron_expression": "0 9 * * *",
}


async def made(user: User, body: dict[str, Any] = BENCHMARK) -> UUID:
    schedule = await user.send("POST", "/api/schedules", body, 201)
    return UUID(schedule["id"])


@pytest.mark.feature("R20")
async def test_a_run_is_seen_at_every_step(ann: User, gateway: Gate) -> None:
    id = await made(ann)
    world = gateway.executions
    run_id = await world.tick(id)
    steps = list[str]()
    for step in (world.request, world.start, world.finish):
        await gateway.settled()
        steps.append((await ann.get(f"/api/runs/{run_id}"))["status"])
        await step(id, run_id)
    await gateway.settled()
    run = await ann.get(f"/api/runs/{run_id}")
    assert [*steps, run["status"]] == ["pending", "pending", "running", "success"]
    assert run["prompt"] == BENCHMARK["prompt"]
    assert run["duration_ms"] >= 0
    assert [each["model_id"] for each in run["results"]] == ["gpt-4o", "gpt-4o-mini"]
    assert [each["response"] for each in run["answers"]] == ["It calls itself."] * 2
    schedule = await ann.get(f"/api/schedules/{id}")
    assert (schedule["last_run_id"], schedule["last_run_status"]) == (str(run_id), "success")


async def test_figures_answer_under_the_names_of_the_sources(ann: User, gateway: Gate) -> None:
    id = await made(ann)
    await gateway.executions.whole_run(id)
    await gateway.settled()
    (run,) = (await ann.get("/api/runs"))["runs"]
    result = run["results"][0]
    assert (result["provider"], result["model"]) == ("openai", "GPT-4o")
    assert (result["ttft_ms"], result["total_time_s"]) == (250.0, 1.25)
    assert (result["tokens_per_second"], result["input_tokens_per_second"]) == (40.0, 400.0)
    assert (result["output_speed_tps"], result["cost"]) == (40.0, None)


@pytest.mark.feature("R2")
async def test_a_scheduled_run_is_in_the_history(ann: User, gateway: Gate) -> None:
    id = await made(ann)
    run_id = await gateway.executions.whole_run(id, "failed")
    pending = await gateway.executions.tick(id)
    await gateway.settled()
    history = await ann.get("/api/history/")
    (record,) = history["runs"]
    assert record == await ann.get(f"/api/history/{run_id}")
    assert record["metadata"] == {
        "source": "schedule",
        "schedule_id": str(id),
        "schedule_name": BENCHMARK["name"],
    }
    assert (record["status"], record["outcome"], record["context_tiers"]) == (
        "failed",
        "failed",
        [0],
    )
    assert record["results"][0]["error"] == "[rate_limited] Too many requests"
    assert record["results"][0]["ttft_ms"] is None
    assert (await ann.get(f"/api/history/{pending}", 404))["detail"] == "Run not found"


@pytest.mark.feature("R16")
async def test_the_runs_of_one_schedule_come_newest_first_in_three_shapes(
    ann: User, gateway: Gate
) -> None:
    id = await made(ann)
    other = await made(ann, {**BENCHMARK, "name": "other"})
    await gateway.executions.whole_run(other)
    ids = [str(await gateway.executions.whole_run(id)) for _ in range(3)][::-1]
    await gateway.settled()
    for listing, items in (("runs", "runs"), ("executions", "executions"), ("history", "items")):
        first = await ann.get(f"/api/schedules/{id}/{listing}", limit=2)
        rest = await ann.get(f"/api/schedules/{id}/{listing}", cursor=first["next_cursor"])
        assert [run["id"] for run in first[items] + rest[items]] == ids
        assert first["count"] == 3
        assert rest["next_cursor"] is None
    item = (await ann.get(f"/api/schedules/{id}/history"))["items"][0]
    assert (item["state"], item["status"], item["error_summary"]) == ("finished", "success", None)


async def test_runs_can_be_filtered_in_any_of_the_sources_words(ann: User, gateway: Gate) -> None:
    id = await made(ann)
    good = await gateway.executions.whole_run(id)
    bad = await gateway.executions.whole_run(id, "failed")
    await gateway.settled()
    for status, expected in (
        ("completed", [good]),
        ("error", [bad]),
        ("failed,success", [bad, good]),
        ("running", []),
    ):
        found = await ann.get("/api/runs", status=status)
        assert [run["id"] for run in found["runs"]] == [str(each) for each in expected]
        assert found["count"] == len(expected)
    by_schedule = await ann.get("/api/runs", schedule_id=str(id), limit=1)
    assert (by_schedule["count"], len(by_schedule["runs"])) == (2, 1)
    assert (await ann.get("/api/runs", 422, status="perhaps"))["errors"][0]["field"] == "status"


async def test_a_skipped_occurrence_is_no_run_unless_asked_for(ann: User, gateway: Gate) -> None:
    id = await made(ann)
    ran = await gateway.executions.whole_run(id)
    skipped = await gateway.executions.tick(id)
    await gateway.executions.skip(id, skipped, "overlap", "A run of this schedule is going")
    await gateway.settled()
    assert [run["id"] for run in (await ann.get("/api/runs"))["runs"]] == [str(ran)]
    found = await ann.get(f"/api/schedules/{id}/runs", include="skipped")
    assert [(run["status"], run["reason"]) for run in found["runs"]] == [
        ("skipped", "overlap"),
        ("success", None),
    ]
    assert found["runs"][0]["error"] == "A run of this schedule is going"
    schedule = await ann.get(f"/api/schedules/{id}")
    assert schedule["last_run_id"] == str(ran)


async def test_what_cannot_be_resolved_is_a_failed_run(ann: User, gateway: Gate) -> None:
    id = await made(ann)
    run_id = await gateway.executions.tick(id)
    await gateway.executions.skip(id, run_id, "unresolvable", "Unknown model gpt-4o")
    await gateway.settled()
    run = await ann.get(f"/api/runs/{run_id}")
    assert (run["status"], run["error"]) == ("failed", "Unknown model gpt-4o")
    assert (await ann.get("/api/runs"))["count"] == 1


async def test_the_runs_of_a_deleted_schedule_stay(ann: User, gateway: Gate) -> None:
    id = await made(ann)
    run_id = await gateway.executions.whole_run(id)
    await ann.send("DELETE", f"/api/schedules/{id}")
    assert (await ann.get(f"/api/history/{run_id}"))["metadata"]["schedule_name"] == (
        BENCHMARK["name"]
    )


@pytest.mark.feature("R25")
async def test_what_an_agent_did_is_shown_as_activities(ann: User, gateway: Gate) -> None:
    id = await made(ann, AGENT)
    run_id = await gateway.executions.tick(id)
    await gateway.executions.request(id, run_id)
    await gateway.executions.start(id, run_id)
    await gateway.settled()
    (going,) = (await ann.get("/api/agents/my-agent/activities"))["activities"]
    assert (going["activity_state"], going["related_execution_id"]) == ("started", str(run_id))
    await gateway.executions.finish(id, run_id)
    await gateway.settled()
    found = await ann.get(
        "/api/agents/my-agent/activities", activity_type="schedule_start", limit=20
    )
    (done,) = found["activities"]
    assert done["id"] == going["id"]
    assert (done["activity_state"], done["activity_type"]) == ("completed", "schedule_start")
    assert done["details"]["cron_expression"] == "0 9 * * *"
    assert (await ann.get("/api/activities/timeline"))["activities"] == [done]
    assert (await ann.get("/api/activities/timeline?start_time=2099-01-01T00:00:00"))["count"] == 0
    assert (await ann.get("/api/activities/timeline", activity_types="tool_call"))["count"] == 0
    assert (await ann.get("/api/agents/nobody/activities", 404))["detail"] == "Agent not found"
