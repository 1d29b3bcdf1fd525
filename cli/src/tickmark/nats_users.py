"""Who may say what on the installation's NATS server: a user for each service.

Only the relay, which is in dispatcher-svc, may publish events. Nobody may delete or purge.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from contracts.subjects import EVENTS, LIVE, POKE

JETSTREAM: Final = ["$JS.API.>", "$JS.ACK.>", "$JS.FC.>"]
NEVER: Final = ["$JS.API.STREAM.DELETE.>", "$JS.API.STREAM.PURGE.>", "$JS.API.STREAM.MSG.DELETE.>"]
HEARD: Final = ["_INBOX.>", POKE, LIVE]

PUBLISHES: Final[dict[str, list[str]]] = {
    "schedule": [POKE],
    "dispatcher": [POKE, EVENTS],
    "runner": [POKE],
    "gateway": [POKE, "cmd.>"],
}
HEARS: Final[dict[str, list[str]]] = {
    "schedule": ["cmd.schedule.>"],
    "dispatcher": ["cmd.run.>"],
    "runner": [],
    "gateway": [],
}


def configuration(passwords: Mapping[str, str]) -> str:
    """The server's configuration file; JSON is a form of it that it reads."""
    users = [_user(name, password) for name, password in passwords.items()]
    return json.dumps({"authorization": {"users": users}}, indent=1)


def write(path: Path, passwords: Mapping[str, str]) -> None:
    """Readable by us alone: it holds the passwords."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(configuration(passwords))


def _user(name: str, password: str) -> dict[str, object]:
    publish = {"allow": [*PUBLISHES[name], *JETSTREAM], "deny": NEVER}
    permissions = {
        "publish": publish,
        "subscribe": [*HEARS[name], *HEARD],
        "allow_responses": True,
    }
    return {"user": name, "password": password, "permissions": permissions}
