"""Each process killed with -9 while schedules of one second fire: nothing lost, nothing doubled."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from stack import Stack, running, until

SCHEDULES = 4
SERVICES = ("schedule-svc", "dispatcher-svc", "runner-svc", "gateway")
SERVERS = ("nats", "postgres")

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own that has lost each of its processes once while it worked."""
    faster = {
        "TICKMARK_RUNNER__LEASE_SECONDS": "3",
        "TICKMARK_RUNNER__SWEEP_SECONDS": "2",
        "TICKMARK_RUNNER__ACK_WAIT_SECONDS": "3",
        "TICKMARK_RUNNER__BEAT_SECONDS": "1",
    }
    with running(tmp_path_factory.mktemp("kill"), faster) as stack:
        schedules = begin(stack)
        for name in (*SERVICES, *SERVERS):
            kill(stack, name)
        finish(stack, schedules)
        yield stack


def begin(stack: Stack) -> list[str]:
    """Schedules that fire every second, the first runs of all having ended."""
    with stack.login() as api:
        bodies = [
            {
                "name": f"Every second {number}",
                "prompt": "Say tick.",
                "models": ["simulator/sim:fast"],
                "max_tokens": 8,
                "spec": {"type": "every", "every": "1s"},
            }
            for number in range(SCHEDULES)
        ]
        made = [api.post("/api/schedules", json=each).raise_for_status().json() for each in bodies]
    until(lambda: finished(stack) >= SCHEDULES, within_s=30)
    return [each["id"] for each in made]


def kill(stack: Stack, name: str) -> None:
    """End the process as the kernel would; return once it is back and the work goes on."""
    before = stack.processes()[name]["pid"]
    os.kill(before, signal.SIGKILL)

    def back() -> bool:
        shown = stack.processes()[name]
        return shown["state"] == "running" and shown["pid"] != before

    until(back, within_s=30)
    so_far = finished(stack)
    until(lambda: finished(stack) >= so_far + 2 * SCHEDULES, within_s=60)


def finish(stack: Stack, schedules: list[str]) -> None:
    """Stop the schedules and wait for the runs that are under way."""
    with stack.login() as api:
        for schedule in schedules:
            api.put(f"/api/schedules/{schedule}", json={"enabled": False}).raise_for_status()
    until(lambda: not outcome(stack)["open"], within_s=60)


def finished(stack: Stack) -> int:
    """How many runs have ended, as the log says: the gateway may just be dead."""
    lines = stack.command("events", "tail", "--after", "0").stdout.splitlines()
    return sum(line.split()[2] in ("RunCompleted", "RunInterrupted") for line in lines)


def outcome(stack: Stack) -> dict[str, Any]:
    return json.loads(stack.command("audit", "outcome", "--json").stdout)


def test_nothing_is_lost_and_nothing_doubled(killed: Stack) -> None:
    done = killed.command("audit", "outcome", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("audit", ["verify", "redecide"])
def test_the_log_is_whole_and_its_decisions_repeat(killed: Stack, audit: str) -> None:
    done = killed.command("audit", audit)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_was_killed_was_started_again(killed: Stack) -> None:
    restarts = {name: each["restarts"] for name, each in killed.processes().items()}
    assert restarts.pop("simulator") == 0
    assert set(restarts) == {*SERVICES, *SERVERS}
    assert min(restarts.values()) >= 1


def test_the_reason_of_a_restart_is_told_and_its_log_kept(killed: Stack) -> None:
    for name in (*SERVICES, *SERVERS):
        assert f"{name} was killed (SIGKILL); starting it again" in killed.output
        assert Path(killed.data / "logs" / f"{name}.log").stat().st_size > 0


def test_every_run_of_the_read_model_ends_once_and_well(killed: Stack) -> None:
    with killed.login() as api:
        runs = pages(api, "/api/runs")
    assert len({each["id"] for each in runs}) == len(runs)
    assert {each["status"] for each in runs} <= {"success", "interrupted"}


def pages(api: httpx2.Client, path: str) -> list[dict[str, Any]]:
    found, cursor = list[dict[str, Any]](), None
    while True:
        params = {"limit": 500, **({"cursor": cursor} if cursor else {})}
        page = api.get(path, params=params).raise_for_status().json()
        found, cursor = [*found, *page["runs"]], page["next_cursor"]
        if cursor is None:
            return found
