"""A setting may be given as the name of a file that holds it."""

from pathlib import Path

import pytest

from chassis.settings import Settings, SettingsError, load


def test_a_setting_is_read_from_the_file_its_variable_names(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("postgresql://log@db/tickmark\n")
    settings = load(Settings, environ={"TICKMARK_POSTGRES__DSN_FILE": str(tmp_path / "dsn")})
    assert settings.postgres.dsn.get_secret_value() == "postgresql://log@db/tickmark"


def test_a_named_file_that_is_missing_stops_the_start_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"TICKMARK_POSTGRES__DSN_FILE: .*/kitten: No such file"
    ):
        load(Settings, environ={"TICKMARK_POSTGRES__DSN_FILE": str(tmp_path / "kitten")})
