"""What `tickmark up` refuses: one line that names what is wrong, before anything is started."""

import socket
from pathlib import Path

import pytest

from tickmark.__main__ import main
from tickmark.embedded import free_port


def refused(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, **given: str
) -> tuple[int, str]:
    """The exit code and the one line; nothing but a lock is in the data directory."""
    for name, value in given.items():
        monkeypatch.setenv(f"TICKMARK_{name}", value)
    code = main(["up", "--data", str(data), "--port", str(free_port())])
    (line,) = capsys.readouterr().err.splitlines()
    assert not (data / "postgres").exists()
    return code, line


@pytest.mark.parametrize(
    "dsn",
    [
        "garbage",
        "postgresql://u:hunter2@127.0.0.1:notaport/x",
        "postgresql://u:hunter2/@127.0.0.1:1/x",
        "postgresql://u:hunter2@127.0.0.1:99999/x",
        "postgresql://u:hunter2@127.0.0.1:1/x",
    ],
)
def test_a_database_that_cannot_be_reached_is_said_without_its_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, dsn: str
) -> None:
    code, line = refused(tmp_path, capsys, monkeypatch, POSTGRES__DSN=dsn)
    assert code == 3
    assert line.startswith("tickmark: PostgreSQL cannot be reached: ")
    assert "hunter2" not in line
    for command in ("events tail", "audit verify", "migrate"):
        assert main([*command.split(), "--dsn", dsn]) == 3
        (line,) = capsys.readouterr().err.splitlines()
        assert "hunter2" not in line


@pytest.mark.parametrize("url", ["garbage.invalid", "nats://u:hunter2@127.0.0.1:x", "tls://[::1"])
def test_a_nats_address_that_leads_nowhere_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    code, line = refused(tmp_path, capsys, monkeypatch, NATS__URL=url)
    shown = url.rpartition("@")[2].rpartition("//")[2]
    assert (code, line) == (3, f"tickmark: NATS cannot be reached at {shown} (nats.url)")


def test_a_port_where_no_nats_answers_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        code, line = refused(tmp_path, capsys, monkeypatch, NATS__URL=f"nats://{address}")
    assert (code, line) == (3, f"tickmark: NATS cannot be reached at {address} (nats.url)")


@pytest.mark.parametrize(
    ("name", "value"), [("EMAIL", "notmail"), ("EMAIL", "a@b@c.de"), ("PASSWORD", "7 chars")]
)
def test_an_account_that_the_gateway_would_not_make_is_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
) -> None:
    code, line = refused(tmp_path, capsys, monkeypatch, **{f"ADMIN_{name}": value})
    assert code == 2
    assert line.startswith(f"tickmark: TICKMARK_ADMIN_{name}: must be ")
    assert value not in line
