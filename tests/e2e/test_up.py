"""`tickmark up` from outside: starts, stops, is killed, and goes on where it was."""

import os
import re
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Database
from stack import NotReady, Stack, running, until
from tickmark import processes

EVERY = [
    "postgres", "nats", "simulator", "schedule-svc", "dispatcher-svc", "runner-svc", "gateway",
]  # fmt: skip

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("up")) as stack:
        yield stack


def pids(stack: Stack) -> list[int]:
    return [each["pid"] for each in stack.processes().values()]


def names_of_schedules(stack: Stack) -> set[str]:
    with stack.login() as api:
        return {each["name"] for each in api.get("/api/schedules").json()["schedules"]}


def test_everything_runs_and_is_listed_in_the_order_of_its_start(alone: Stack) -> None:
    listed = alone.processes()
    assert list(listed) == EVERY
    assert {each["state"] for each in listed.values()} == {"running"}
    assert all(processes.identity(each["pid"]) for each in listed.values())


def test_a_second_start_on_the_same_data_says_so_and_harms_nothing(alone: Stack) -> None:
    before = pids(alone)
    second = alone.command("up")
    assert second.returncode == 2
    assert f"already running on {alone.data}" in second.stderr
    assert alone.base_url in second.stderr
    assert pids(alone) == before


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        stack = Stack(tmp_path / "data", port=other.getsockname()[1])
        with pytest.raises(NotReady, match=f"port {stack.port} is taken"):
            stack.start()
        assert stack.process is not None
        assert stack.process.returncode == 2


def test_an_unknown_key_stops_the_start_with_its_name(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data", extra={"TICKMARK_RUNNER__SLOTZ": "3"})
    with pytest.raises(NotReady, match=r"settings: runner\.slotz: unknown key"):
        stack.start()
    assert not (tmp_path / "data" / "postgres").exists()


def test_secrets_are_not_readable_by_others_and_not_shown(alone: Stack) -> None:
    assert stat.S_IMODE((alone.data / "secrets.json").stat().st_mode) == 0o600
    assert alone.admin_password not in alone.output


@pytest.mark.parametrize("server", ["postgres", "nats"])
def test_a_server_that_is_killed_comes_back_and_the_work_goes_on(alone: Stack, server: str) -> None:
    before = alone.processes()[server]["pid"]
    os.kill(before, signal.SIGKILL)

    def back() -> bool:
        shown = alone.processes()[server]
        return shown["state"] == "running" and shown["pid"] != before

    until(back, within_s=60)
    until(lambda: runs_to_the_end(alone, f"After {server}"), within_s=60)


def runs_to_the_end(stack: Stack, name: str) -> bool:
    """Make a schedule of that name if there is none, run it; whether one of its runs has ended."""
    body = {"name": name, "prompt": "Say tick.", "models": ["simulator/sim:fast"]}
    with stack.login() as api:
        if api.post("/api/schedules", json={**body, "interval_hours": 1}).status_code == 201:
            listed = api.get("/api/schedules").json()["schedules"]
            (made,) = (each["id"] for each in listed if each["name"] == name)
            api.post(f"/api/schedules/{made}/trigger", json={})
        runs = api.get("/api/runs", params={"status": "success"}).json()["runs"]
        return name in {each["metadata"]["schedule_name"] for each in runs}


def test_servers_that_the_settings_name_are_used_and_none_is_started(
    tmp_path: Path, empty_database: Database, nats_url: str
) -> None:
    named = {"TICKMARK_POSTGRES__DSN": empty_database.dsn, "TICKMARK_NATS__URL": nats_url}
    with running(tmp_path, named) as stack:
        assert list(stack.processes()) == EVERY[2:]
        assert not (stack.data / "postgres").exists()
        until(lambda: runs_to_the_end(stack, "Elsewhere"), within_s=30)
        assert stack.stop() == 0


def test_killed_and_started_again_it_goes_on_where_it_was(tmp_path: Path) -> None:
    with running(tmp_path) as stack:
        before, children = names_of_schedules(stack), pids(stack)
        assert before, stack.output
        stack.kill()
        stack.start()
        assert names_of_schedules(stack) == before
        assert not set(children) & set(pids(stack))
        assert stack.command("audit", "verify").returncode == 0
        assert stack.stop() == 0


@pytest.mark.feature("B75")
def test_stopped_it_leaves_no_process_and_started_again_it_has_its_data(tmp_path: Path) -> None:
    with running(tmp_path) as stack:
        before, children = names_of_schedules(stack), pids(stack)
        assert before, stack.output
        assert stack.stop(twice=True) == 0
        log = (stack.data / "logs/postgres.log").read_text()
        assert log.rstrip().endswith("database system is shut down")
        assert not [pid for pid in children if processes.identity(pid)]
        assert "stopped in" in stack.output
        assert {each["state"] for each in stack.processes().values()} == {"stopped"}
        stack.start()
        assert names_of_schedules(stack) == before


def test_a_generated_password_is_shown_once_and_works(tmp_path: Path) -> None:
    with running(tmp_path, {"TICKMARK_ADMIN_PASSWORD": ""}) as stack:
        shown = re.search(r"Log in as (\S+) with the password (\S+) \(shown", stack.output)
        assert shown is not None
        assert stack.admin_email == shown[1]
        stack.admin_password = shown[2]
        assert names_of_schedules(stack)
        stack.stop()
        assert shown[2] not in "".join(
            path.read_text(errors="replace")
            for path in [*stack.data.glob("*.json"), *stack.data.glob("logs/*")]
        )
        stack.start()
        assert "with the password" not in stack.output
