"""Which config.yaml is meant, and whether every service can start with it: asked before anything
is started."""

from pathlib import Path
from typing import Final

import dispatcher_svc.settings
import gateway.settings
import runner_svc.settings
import schedule_svc.settings
from chassis.settings import FILE_VARIABLE, Settings, SettingsError, load
from tickmark.exits import Misused

DRAWN: Final = "TICKMARK_GATEWAY__TOKEN_SECRET"
"""What nobody needs to give: a start draws it."""
CHECKOUT: Final = Path(__file__).parents[3]
"""The root of the source tree, when we run from one."""


def models() -> dict[str, type[Settings]]:
    """Each service's settings: the shared sections and its own."""
    return {
        "schedule-svc": schedule_svc.settings.Settings,
        "dispatcher-svc": dispatcher_svc.settings.Settings,
        "runner-svc": runner_svc.settings.Settings,
        "gateway": gateway.settings.Settings,
    }


def chosen(named: Path | None, environ: dict[str, str]) -> Path | None:
    """The file named, else TICKMARK_CONFIG's, else ./config.yaml, else the source tree's."""
    if named or environ.get(FILE_VARIABLE):
        return (named or Path(environ[FILE_VARIABLE])).absolute()
    places = (Path("config.yaml"), CHECKOUT / "config.yaml")
    return next((place.absolute() for place in places if place.is_file()), None)


def check(
    file: Path | None, environ: dict[str, str], port: int | None = None
) -> tuple[Settings, int]:
    """The shared sections, and the port of the gateway unless `port` says it. Each service's own
    sections are tried too. Raises Misused, naming the key."""
    environ = {DRAWN: "drawn by the start" * 2, **environ}
    try:
        for model in models().values():
            load(model, file, environ)
        return load(Settings, file, environ), port or _gateway_port(file, environ)
    except SettingsError as wrong:
        raise Misused(f"settings: {wrong}") from None


def _gateway_port(file: Path | None, environ: dict[str, str]) -> int:
    return load(gateway.settings.Settings, file, environ).gateway.port
