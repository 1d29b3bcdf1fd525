"""Environment over file over defaults, and nothing nobody knows."""

from pathlib import Path

import pytest

from chassis.settings import Section, Settings, SettingsError, load


class Runner(Section):
    slots: int = 50


class RunnerSettings(Settings):
    runner: Runner = Runner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("runner: {slots: 7}\nlimits: {per_user: 3}\n")
    return path


def test_the_file_is_read_over_the_defaults(file: Path) -> None:
    settings = load(RunnerSettings, file, {})
    assert (settings.runner.slots, settings.limits.per_user, settings.limits.instance) == (
        7,
        3,
        100,
    )


@pytest.mark.feature("O12")
def test_the_environment_overrides_the_file(file: Path) -> None:
    settings = load(RunnerSettings, file, {"TICKMARK_RUNNER__SLOTS": "9"})
    assert settings.runner.slots == 9


@pytest.mark.feature("O12")
@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"TICKMARK_RUNNER__SLOT": "9"}, "runner.slot: unknown key"),
        ({"TICKMARK_RUNNER__SLOTS": "many"}, "runner.slots: Input should be a valid integer"),
        ({"TICKMARK_RUNER__SLOTS": "9"}, "unknown section 'runer'"),
        ({"TICKMARK_LIMITS__PER_USER__X": "1"}, "per_user is not a section"),
        ({"TICKMARK_PROVIDERS__O__BASE_URLS": "http://x"}, r"providers.o.base_url: Field required"),
        ({"TICKMARK_RUNNER_SLOTS": "9"}, "unknown variable TICKMARK_RUNNER_SLOTS: two underscores"),
        ({"TICKMARK_LIMITS": "{}"}, "unknown variable TICKMARK_LIMITS:"),
        ({"TICKMARK_CONFIG": "/nowhere.yaml"}, "no such file: /nowhere.yaml"),
    ],
)
def test_what_cannot_be_used_is_named(file: Path, environ: dict[str, str], named: str) -> None:
    given = None if "TICKMARK_CONFIG" in environ else file
    with pytest.raises(SettingsError, match=named):
        load(RunnerSettings, given, environ)


def test_variables_that_are_no_settings_are_left_alone(file: Path) -> None:
    others = ("ADMIN_EMAIL", "ADMIN_PASSWORD", "TEST_POSTGRES")
    environ = {f"TICKMARK_{name}": "x" for name in others}
    assert load(RunnerSettings, file, {**environ, "TICKMARKER": "x"}).runner.slots == 7


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("- a list", "must be a mapping"),
        ("{", "not YAML"),
        ("limts: {}", "unknown section 'limts'"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=named):
        load(RunnerSettings, path, {})


def test_a_section_of_another_service_is_left_to_it(file: Path) -> None:
    file.write_text("gateway: {port: 1}")
    assert load(RunnerSettings, file, {}).runner.slots == 50


def test_an_inventory_that_leads_nowhere_stops_the_start(file: Path) -> None:
    file.write_text("jobs: {j: {directive: gone, agent: a}}")
    with pytest.raises(SettingsError, match="no directive 'gone'"):
        load(RunnerSettings, file, {})


def test_the_shipped_configuration_loads() -> None:
    shipped = load(Settings, Path(__file__).parents[3] / "config.yaml", {})
    assert {"gpt-4o", "gpt-4o-mini"} <= {m.id for m in shipped.inventory.providers["openai"].models}
    assert "my-agent" in shipped.inventory.agents
    assert {"log_triage", "gpu_report", "service_map"} == set(shipped.inventory.jobs)
