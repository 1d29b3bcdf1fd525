"""The processes of an installation: the command, environment and readiness of each."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from chassis.settings import FILE_VARIABLE, PREFIX, Settings
from contracts.inventory import Inventory
from tickmark import database, embedded
from tickmark.installation import Installation
from tickmark.supervisor import Program

SERVICES: Final = {
    "schedule-svc": "schedule",
    "dispatcher-svc": "dispatcher",
    "runner-svc": "runner",
    "gateway": "gateway",
}
HELD: Final = "held by runner-svc"
"""What the gateway gets for a provider's key: it only tells whether there is one."""
SIMULATED: Final = "http://127.0.0.1:8510"
"""Where config.yaml expects the provider simulator."""


@dataclass(frozen=True)
class Place:
    """What the services of one start share: the file, and the variables laid over the settings."""

    installation: Installation
    config: Path | None
    variables: Mapping[str, str]
    keys: Collection[str] = ()

    def environment(self, name: str, extra: Mapping[str, str]) -> dict[str, str]:
        """The variables of this service. Only runner-svc calls providers and gets their keys."""
        ours = {n: v for n, v in os.environ.items() if not n.startswith("TICKMARK_ADMIN_")}
        if name != "runner-svc":
            ours = without(self.keys, ours)
        if name == "gateway":
            ours |= {key: HELD for key in self.keys if os.environ.get(key, "").strip()}
        named = {FILE_VARIABLE: str(self.config)} if self.config else {}
        return {**ours, "PYTHONUNBUFFERED": "1", **named, **self.variables, **extra}


def keys(inventory: Inventory) -> frozenset[str]:
    """The variables that hold the keys of providers and agents."""
    offers = (*inventory.providers.values(), *inventory.agents.values())
    return frozenset(each.api_key_env for each in offers if each.api_key_env)


def without(secret: Collection[str], environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in secret}


def bare(program: Program, secret: Collection[str]) -> Program:
    """The program without these variables and without our settings: a server needs neither."""
    ours = without(secret, program.environment)
    kept = {name: value for name, value in ours.items() if not name.startswith(PREFIX)}
    return replace(program, environment=kept)


def postgres(installation: Installation, port: int, dsn: str) -> Program:
    return Program(
        name="postgres",
        command=embedded.postgres_command(installation.postgres, port),
        log=installation.log("postgres"),
        ready=lambda: database.answers(dsn),
        stop=signal.SIGINT,  # its fast shutdown, and its immediate one
        end=signal.SIGQUIT,
        orphaned=signal.SIGINT,
        start_s=600,  # crash recovery ends when it ends
    )


def nats(installation: Installation, port: int, config: Path) -> Program:
    return Program(
        name="nats",
        command=embedded.nats_command(installation.nats, port, config),
        log=installation.log("nats"),
        ready=_listens(port),
        orphaned=signal.SIGTERM,
    )


def simulator(installation: Installation, port: int) -> Program:
    return Program(
        name="simulator",
        command=(sys.executable, "-m", "simulator", "--port", str(port)),
        log=installation.log("simulator"),
        ready=_listens(port),
    )


def service(place: Place, name: str, ports: Sequence[int], variables: Mapping[str, str]) -> Program:
    """A service; it serves when it says so at a probe of its own, and listens on `ports`."""
    probe = embedded.free_port()
    return Program(
        name=name,
        command=(sys.executable, "-m", name.replace("-", "_")),
        log=place.installation.log(name),
        ready=_well(probe, ports),
        environment=place.environment(name, {"TICKMARK_HEALTH__PORT": str(probe), **variables}),
    )


def simulated(settings: Settings, port: int) -> dict[str, str]:
    """Variables that send what config.yaml expects at the simulator's port to `port` instead."""
    offers = {
        **{("PROVIDERS", key): offer for key, offer in settings.inventory.providers.items()},
        **{("AGENTS", key): offer for key, offer in settings.inventory.agents.items()},
    }
    return {
        f"TICKMARK_{section}__{key.upper()}__BASE_URL": f"http://127.0.0.1:{port}{path}"
        for (section, key), offer in offers.items()
        if (path := _at_simulator(offer.base_url)) is not None
    }


def uses_simulator(settings: Settings) -> bool:
    offers = (*settings.inventory.providers.values(), *settings.inventory.agents.values())
    return any(_at_simulator(offer.base_url) is not None for offer in offers)


def _at_simulator(url: str) -> str | None:
    """The path of an address at the simulator."""
    parts = urlsplit(url)
    return parts.path if f"{parts.scheme}://{parts.netloc}" == SIMULATED else None


def _listens(port: int) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        return embedded.listening(port)

    return ready


def _well(probe: int, ports: Sequence[int]) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        return await _says_ready(probe) and all(map(embedded.listening, ports))

    return ready


async def _says_ready(probe: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", probe)
    except OSError:
        return False
    try:
        writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
        async with asyncio.timeout(5):
            return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
