"""config.yaml, overridden by `TICKMARK_<SECTION>__<KEY>`; a key nobody knows stops the start.

A service declares the shared sections below and its own; the others' sections stand in the same
file and are checked by them.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from contracts.events.system import Limits
from contracts.inventory import Inventory

PREFIX: Final = "TICKMARK_"
FILE_VARIABLE: Final = "TICKMARK_CONFIG"
FILE_SUFFIX: Final = "_FILE"
NO_SETTINGS: Final = frozenset({FILE_VARIABLE, "TICKMARK_ADMIN_EMAIL", "TICKMARK_ADMIN_PASSWORD"})
"""Variables of ours that are no settings: the file, and who may log in after a first `up`."""
TESTS: Final = "TICKMARK_TEST_"
SERVICES: Final = ("schedule", "dispatcher", "runner", "gateway")
"""The sections only one service reads."""


class SettingsError(Exception):
    """The configuration cannot be used; the message names the key."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Postgres(Section):
    """Where the log and the services' tables are. `role` is assumed after connecting, if given."""

    dsn: SecretStr = SecretStr("postgresql://127.0.0.1:5432/tickmark")
    role: str | None = None
    pool_size: int = Field(default=8, ge=1)


class Nats(Section):
    """Where JetStream is. `replicas` is that of the streams it holds."""

    url: str = "nats://127.0.0.1:4222"
    user: str | None = None
    password: SecretStr | None = None
    replicas: int = Field(default=1, ge=1, le=5)


class Logging(Section):
    level: str = Field(default="info", pattern="^(debug|info|warning|error)$")


class Health(Section):
    """Where /livez and /readyz answer; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)


class LimitSettings(Limits):
    """Runs at once, and what a schedule may ask for."""

    min_interval_seconds: int = Field(default=300, ge=1)
    schedules_per_user: int = Field(default=50, ge=1)

    def admission(self) -> Limits:
        return Limits.model_validate({name: getattr(self, name) for name in Limits.model_fields})


class Settings(BaseModel):
    """The sections every service reads; the inventory's four stand at the top of the file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    postgres: Postgres = Postgres()
    nats: Nats = Nats()
    logging: Logging = Logging()
    health: Health = Health()
    limits: LimitSettings = LimitSettings()
    inventory: Inventory = Inventory()


S = TypeVar("S", bound=Settings)

_OFFERS: Final = tuple(Inventory.model_fields)
SECTIONS: Final = frozenset(
    {*(n for n in Settings.model_fields if n != "inventory"), *_OFFERS, *SERVICES}
)


def load(model: type[S], file: Path | None = None, environ: Mapping[str, str] | None = None) -> S:
    """The settings of one service: environment over file over defaults.

    `file` falls back to the one TICKMARK_CONFIG names, then to ./config.yaml if that is there.
    Raises SettingsError for a file that is missing or no YAML mapping, an unknown variable, section
    or key, a bad value, each by its name.
    """
    environ = os.environ if environ is None else environ
    merged = _read(_chosen(file, environ))
    for path, value in _overrides(environ):
        _put(merged, path, value)
    unknown = sorted(set(merged) - SECTIONS)
    if unknown:
        raise SettingsError(
            f"unknown section {unknown[0]!r}; known are {', '.join(sorted(SECTIONS))}"
        )
    merged["inventory"] = {name: merged.pop(name) for name in _OFFERS if name in merged}
    try:
        return model.model_validate(merged)
    except ValidationError as wrong:
        raise SettingsError(_sentence(wrong)) from None


def _chosen(file: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = file or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    if named is None:
        return Path("config.yaml") if Path("config.yaml").is_file() else None
    if not named.is_file():
        raise SettingsError(f"no such file: {named}")
    return named


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        content: object = yaml.safe_load(file.read_text())
    except yaml.YAMLError as wrong:
        raise SettingsError(f"{file}: not YAML: {wrong}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{file}: must be a mapping of sections")
    sections = cast("dict[object, object]", content)
    return {str(name): section for name, section in sections.items() if section is not None}


def _overrides(environ: Mapping[str, str]) -> list[tuple[list[str], str]]:
    """`TICKMARK_RUNNER__SLOTS=4` is the path runner.slots."""
    ours = sorted(name for name in environ if name.startswith(PREFIX))
    settings = [name for name in ours if "__" in name]
    for name in ours:
        if name not in {*settings, *NO_SETTINGS} and not name.startswith(TESTS):
            raise SettingsError(
                f"unknown variable {name}: two underscores stand between section and key,"
                f" as in {PREFIX}RUNNER__SLOTS"
            )
    return [_override(name, environ[name]) for name in settings]


def _override(name: str, value: str) -> tuple[list[str], str]:
    """`TICKMARK_POSTGRES__DSN_FILE` names a file that holds postgres.dsn."""
    if name.endswith(FILE_SUFFIX):
        try:
            name, value = name.removesuffix(FILE_SUFFIX), Path(value).read_text().strip()
        except OSError as wrong:
            raise SettingsError(f"{name}: {value}: {wrong.strerror}") from None
    return name.removeprefix(PREFIX).lower().split("__"), value


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    *above, last = path
    for name in above:
        below: object = tree.setdefault(name, {})
        if not isinstance(below, dict):
            raise SettingsError(f"{PREFIX}{'__'.join(path).upper()}: {name} is not a section")
        tree = cast("dict[str, Any]", below)
    tree[last] = value


def _sentence(wrong: ValidationError) -> str:
    first = wrong.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"] if part != "inventory")
    what = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
    return f"{where}: {what}" if where else what
