"""What a data directory keeps, and what it refuses."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tickmark import processes, ps
from tickmark.exits import Misused, Refusal
from tickmark.installation import Installation, Listed, State

SINCE = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def listed(service: str, pid: int | None, identity: str | None, state: str = "running") -> Listed:
    return Listed(service, pid, identity, state, 0, SINCE)


def state(*services: Listed) -> State:
    return State(7, None, "http://127.0.0.1:8501", "127.0.0.1:5432", list(services))


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_a_second_start_on_the_same_data_is_refused_with_the_address(
    installation: Installation,
) -> None:
    with installation.locked():
        installation.write(state())
        refused = pytest.raises(Misused, match=r"already running .* http://127\.0\.0\.1:8501")
        with refused, Installation(installation.folder).locked():
            pass


def test_the_directory_is_free_again_after_the_first(installation: Installation) -> None:
    with installation.locked():
        pass
    with installation.locked():
        pass


def test_a_secret_is_drawn_once_and_kept(installation: Installation) -> None:
    drawn = installation.secret("gateway.token_secret")
    assert len(drawn) >= 32
    assert Installation(installation.folder).secret("gateway.token_secret") == drawn


def test_secrets_are_readable_by_their_owner_alone(installation: Installation) -> None:
    installation.secret("gateway.token_secret")
    assert (installation.folder / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_forgotten_secret_is_gone_from_the_disk(installation: Installation) -> None:
    drawn = installation.secret("admin.password")
    installation.forget("admin.password")
    assert drawn not in (installation.folder / "secrets.json").read_text()


def test_state_comes_back_as_it_was_written(installation: Installation) -> None:
    written = state(listed("gateway", 4242, "boot:17"))
    installation.write(written)
    assert installation.state() == written


def test_a_directory_on_which_nothing_was_started_says_so(installation: Installation) -> None:
    with pytest.raises(Refusal, match=r"nothing was started on .*; see `tickmark up`"):
        installation.state()


def test_an_address_is_only_given_while_postgres_runs(installation: Installation) -> None:
    installation.secret("postgres.tickmark_audit_login", lambda: "hunter2")
    installation.write(state(listed("postgres", os.getpid(), "an earlier process")))
    with pytest.raises(Refusal, match="nothing runs on"):
        installation.dsn("tickmark_audit_login")
    installation.write(state(listed("postgres", os.getpid(), processes.identity(os.getpid()))))
    address = installation.dsn("tickmark_audit_login")
    assert address == "postgresql://tickmark_audit_login:hunter2@127.0.0.1:5432/tickmark"


def test_ps_shows_a_process_whose_number_was_used_again_as_dead(
    installation: Installation,
) -> None:
    installation.write(
        state(
            listed("gateway", os.getpid(), "an earlier process"),
            listed("runner-svc", os.getpid(), processes.identity(os.getpid())),
        )
    )
    assert [each.state for each in ps.listed(installation)] == ["dead", "running"]


def test_ps_shows_a_service_between_two_processes_as_restarting(
    installation: Installation,
) -> None:
    installation.write(state(listed("gateway", None, "boot:1", "restarting")))
    (shown,) = ps.listed(installation)
    assert (shown.state, shown.pid) == ("restarting", None)


def test_ps_tells_what_was_stopped_from_what_died(installation: Installation) -> None:
    installation.write(
        state(listed("nats", None, "boot:1", "stopped"), listed("gateway", None, "boot:2"))
    )
    assert [each.state for each in ps.listed(installation)] == ["stopped", "dead"]
