"""The secrets of a deployment, and who may say what on its bus."""

import json
from pathlib import Path

import pytest

from tickmark import credentials, nats_users
from tickmark.exits import Misused


def test_every_secret_is_different_and_long(tmp_path: Path) -> None:
    credentials.write(tmp_path)
    drawn = [(tmp_path / f"{each}.nats").read_text() for each in nats_users.PUBLISHES]
    drawn += credentials.login_passwords(tmp_path).values()
    drawn += [(tmp_path / name).read_text() for name in ("owner.password", "token.secret")]
    assert len(set(drawn)) == len(drawn)
    assert min(len(each) for each in drawn) >= 32


def test_secret_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    credentials.write(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_drawing_again_changes_nothing(tmp_path: Path) -> None:
    credentials.write(tmp_path)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert credentials.write(tmp_path) == []
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_a_lost_file_is_drawn_to_agree_with_those_that_are_there(tmp_path: Path) -> None:
    credentials.write(tmp_path)
    (tmp_path / "nats.conf").unlink()
    (tmp_path / "owner.dsn").unlink()
    assert credentials.write(tmp_path) == ["nats.conf", "owner.dsn"]
    (user, *_) = json.loads((tmp_path / "nats.conf").read_text())["authorization"]["users"]
    assert user["password"] == (tmp_path / f"{user['user']}.nats").read_text()
    assert (tmp_path / "owner.password").read_text() in (tmp_path / "owner.dsn").read_text()


def test_logins_cannot_be_made_from_a_folder_without_secrets(tmp_path: Path) -> None:
    with pytest.raises(Misused, match=r"schedule.dsn: No such file .*see `tickmark secrets`"):
        credentials.login_passwords(tmp_path)


def test_only_the_dispatcher_may_publish_events() -> None:
    users = json.loads(nats_users.configuration(dict.fromkeys(nats_users.PUBLISHES, "x")))
    may = {
        each["user"]
        for each in users["authorization"]["users"]
        if "evt.>" in each["permissions"]["publish"]["allow"]
    }
    assert may == {"dispatcher"}
