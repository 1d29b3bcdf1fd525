"""What people type, and how a command ends."""

import io
import sys
from pathlib import Path

import pytest

from tickmark.__main__ import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: tickmark {name}")
    assert COMMANDS[name][1] in " ".join(shown.split())


def test_all_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"\n    {name} " in shown for name in COMMANDS)


def test_a_command_nobody_knows_is_wrong_use() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["down"])
    assert ended.value.code == 2


def test_a_refusal_is_one_line_and_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ps", "--data", str(tmp_path)]) == 3
    said = capsys.readouterr()
    assert said.err == f"tickmark: nothing was started on {tmp_path}; see `tickmark up`\n"
    assert said.out == ""


@pytest.mark.parametrize(
    "command", ["audit verify", "audit outcome", "audit redecide", "events tail", "migrate"]
)
def test_without_a_log_it_could_not_finish(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([*command.split(), "--dsn", "postgresql://127.0.0.1:1/tickmark"]) == 3
    assert main([*command.split(), "--data", str(tmp_path)]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize("command", ["up", "ps", "events tail", "audit verify", "migrate"])
def test_data_that_is_no_directory_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert main([*command.split(), "--data", str(file)]) == 2
    assert capsys.readouterr().err.startswith(f"tickmark: cannot use {file}: ")


def test_a_state_that_is_damaged_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state.json").write_text("{")
    assert main(["ps", "--data", str(tmp_path)]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_interrupt_while_it_loads_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_module: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tickmark.__main__.import_module", interrupted)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert main(["ps"]) == 130
