"""config.yaml shows every key there is, with its default, and none that is a secret."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, SecretStr

from chassis import settings
from dispatcher_svc.settings import Dispatcher
from gateway.settings import Gateway
from runner_svc.settings import RunnerSettings
from schedule_svc.settings import ScheduleSection

SHIPPED: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())
SECTIONS: dict[str, type[BaseModel]] = {
    "postgres": settings.Postgres,
    "nats": settings.Nats,
    "logging": settings.Logging,
    "health": settings.Health,
    "limits": settings.LimitSettings,
    "schedule": ScheduleSection,
    "dispatcher": Dispatcher,
    "runner": RunnerSettings,
    "gateway": Gateway,
}


def _shown(section: type[BaseModel]) -> dict[str, Any]:
    """The keys a file may hold, with their defaults; no secrets, nothing that is off unless set."""
    return {
        name: field.default
        for name, field in section.model_fields.items()
        if not field.is_required()
        and field.default is not None
        and not isinstance(field.default, SecretStr)
    }


def test_every_section_is_known_to_this_test() -> None:
    offers = set(settings.Settings.model_fields["inventory"].default.model_fields_set)
    assert (
        settings.SECTIONS - set(SECTIONS) == {"providers", "agents", "jobs", "directives"} | offers
    )


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_is_shown_whole_with_its_defaults(name: str) -> None:
    assert SHIPPED[name] == _shown(SECTIONS[name])
