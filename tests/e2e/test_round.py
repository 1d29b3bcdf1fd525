"""One schedule goes all the way round: the clock, admission, a provider, REST, WebSocket, proof."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from websockets.sync.client import ClientConnection, connect

from chassis import clock
from stack import Stack, until

SOON_S = 2
STORY = ["ScheduleTriggered", "RunRequested", "RunStarted", "CallCompleted", "RunCompleted"]


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx2.Client]:
    with stack.login() as api:
        yield api


@pytest.fixture(scope="module")
def at() -> datetime:
    return clock.now().replace(microsecond=0) + timedelta(seconds=SOON_S + 1)


@pytest.fixture(scope="module")
def told(stack: Stack, api: httpx2.Client, at: datetime) -> list[dict[str, Any]]:
    """What a WebSocket client hears from the creation of a schedule to the end of its run."""
    headers = {"Authorization": api.headers["Authorization"]}
    url = f"{stack.base_url.replace('http', 'ws')}/ws"
    with connect(url, additional_headers=headers, proxy=None) as socket:
        created = api.post(
            "/api/schedules",
            json={
                "name": f"Once at {at:%H:%M:%S}",
                "prompt": "Count to ten.",
                "models": ["simulator/sim:fast"],
                "spec": {"type": "at", "at": at.isoformat()},
            },
        )
        assert created.status_code == 201, created.text
        return heard(socket, created.json()["id"])


def heard(socket: ClientConnection, schedule: str) -> list[dict[str, Any]]:
    """Frames of this schedule and of its run, until that has ended."""
    frames, run = list[dict[str, Any]](), None
    while True:
        frame = json.loads(socket.recv(timeout=30))
        event = frame.get("event", {})
        if event.get("type") == "ScheduleTriggered" and event["subject"] == f"schedule-{schedule}":
            run = event["correlationid"]
        if run is not None and event.get("correlationid") == run:
            frames.append(frame)
        if event.get("type") == "RunCompleted" and event.get("correlationid") == run:
            return frames


@pytest.fixture(scope="module")
def run(api: httpx2.Client, told: list[dict[str, Any]]) -> dict[str, Any]:
    """The run as REST has it, once it shows what the WebSocket told last."""
    answer = api.get(
        f"/api/runs/{told[0]['event']['correlationid']}",
        params={"min_position": told[-1]["position"]},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_websocket_tells_the_story_in_order(told: list[dict[str, Any]]) -> None:
    assert [frame["event"]["type"] for frame in told] == STORY
    positions = [frame["position"] for frame in told]
    assert positions == sorted(positions)


def test_the_clock_fires_at_the_instant_and_never_before(
    told: list[dict[str, Any]], at: datetime
) -> None:
    late = datetime.fromisoformat(told[0]["recordedat"]) - at
    assert timedelta(0) <= late < timedelta(seconds=2)


def test_the_run_is_in_rest_with_what_was_measured(run: dict[str, Any]) -> None:
    assert run["status"] == "success"
    (result,) = run["results"]
    assert result["model_id"] == "sim:fast"
    assert result["success"] is True
    assert 0 < result["ttft_ms"] < result["total_time_s"] * 1000
    assert result["output_tokens"] > 0


def test_the_run_says_which_schedule_asked_for_it(
    api: httpx2.Client, run: dict[str, Any], told: list[dict[str, Any]]
) -> None:
    schedule = told[0]["event"]["subject"].removeprefix("schedule-")
    assert run["metadata"]["schedule_id"] == schedule
    listed = api.get(f"/api/schedules/{schedule}/runs").json()["runs"]
    assert [each["id"] for each in listed] == [run["id"]]


def test_a_one_shot_has_no_next_instant_and_remembers_its_last(
    api: httpx2.Client, told: list[dict[str, Any]]
) -> None:
    schedule = told[0]["event"]["subject"].removeprefix("schedule-")
    seen = api.get(f"/api/schedules/{schedule}").json()
    assert seen["next_run"] is None
    assert seen["last_run_id"] == told[0]["event"]["correlationid"]


def test_the_demo_runs_within_a_minute_of_the_first_start(api: httpx2.Client) -> None:
    names = {"Demo: every 5 minutes", "Demo: once, right after the start"}

    def both_ran() -> bool:
        runs = api.get("/api/runs", params={"status": "success"}).json()["runs"]
        return names <= {each["metadata"]["schedule_name"] for each in runs}

    until(both_ran, within_s=60)


@pytest.mark.parametrize("audit", ["verify", "outcome", "redecide"])
def test_the_log_proves_itself(stack: Stack, told: list[dict[str, Any]], audit: str) -> None:
    done = stack.command("audit", audit, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["good"] is True
    assert verdict["to"] >= told[-1]["position"]


def test_events_tail_prints_the_story_of_a_schedule(
    stack: Stack, told: list[dict[str, Any]]
) -> None:
    schedule = told[0]["event"]["subject"].removeprefix("schedule-")
    done = stack.command("events", "tail", "--after", "0", "--schedule", schedule, "--json")
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    types = [frame["event"]["type"] for frame in frames]
    assert types == ["ScheduleCreated", *STORY]
    assert frames[1:] == told


def test_times_are_utc(told: list[dict[str, Any]]) -> None:
    assert datetime.fromisoformat(told[0]["recordedat"]).utcoffset() == UTC.utcoffset(None)


def test_events_tail_follows_what_comes(stack: Stack, api: httpx2.Client) -> None:
    command = (sys.executable, "-m", "tickmark", "events", "tail", "--follow", "--json")
    body = {"name": "Followed", "prompt": "Say tick.", "models": ["sim:fast"], "interval_hours": 1}
    with subprocess.Popen(
        (*command, "--type", "ScheduleCreated", "--data", str(stack.data)),
        env=stack.environment(), stdout=subprocess.PIPE, text=True,
    ) as tail:  # fmt: skip
        assert tail.stdout is not None
        created = api.post("/api/schedules", json=body).json()
        subjects = (json.loads(line)["event"]["subject"] for line in tail.stdout)
        assert f"schedule-{created['id']}" in subjects
        tail.terminate()
