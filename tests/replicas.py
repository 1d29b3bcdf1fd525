"""Services as processes of a test's own: started, signalled, killed, heard through their log."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from contracts.inventory import Inventory


@dataclass
class Replica:
    """One process of a service; what it logs goes to a file."""

    process: asyncio.subprocess.Process
    output: Path

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Ask it to end, and tell how it did."""
        self.send(signal.SIGTERM)
        return await self.process.wait()

    def said(self, event: str) -> list[dict[str, Any]]:
        """The lines it logged under this key."""
        lines = [line for line in self.output.read_text().splitlines() if line.startswith("{")]
        return [line for line in map(json.loads, lines) if line.get("event") == event]


Start: TypeAlias = Callable[[], Awaitable[Replica]]


async def started(module: str, environ: dict[str, str], output: Path) -> Replica:
    """`python -m <module>`."""
    with output.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module), env=environ, stdout=sink, stderr=sink
        )
    return Replica(process, output)


def environment(folder: Path, inventory: Inventory, **settings: object) -> dict[str, str]:
    """What a service is told: `LIMITS__INSTANCE=2` and the like, over a file with these offers."""
    config = folder / "config.yaml"
    offers = inventory.model_dump(mode="json", exclude_none=True)
    config.write_text(yaml.safe_dump({name: offer for name, offer in offers.items() if offer}))
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("TICKMARK_")}
    told = {f"TICKMARK_{name}": str(value) for name, value in settings.items()}
    return inherited | told | {"TICKMARK_CONFIG": str(config)}
