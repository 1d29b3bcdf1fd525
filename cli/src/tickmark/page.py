"""The web page of a source tree: `make web` builds it when its sources are newer."""

import asyncio
import shutil
from pathlib import Path
from typing import IO

from tickmark.configuration import CHECKOUT


def has_sources() -> bool:
    """Whether we run from a source tree; elsewhere the page came with the package."""
    return (CHECKOUT / "services/gateway/web/package.json").is_file()


async def build(log: Path) -> str:
    """Bring the page up to date; what came of it, in words. What `make` said is in `log`."""
    if shutil.which("make") is None:
        return "make is not installed; the API is served"
    with log.open("ab") as sink:
        if await _make(sink, "--question", "web") == 0:
            return "up to date"
        built = await _make(sink, "web") == 0
    return "built" if built else f"could not be built, the API is served; see {log}"


async def _make(sink: IO[bytes], *wanted: str) -> int:
    make = await asyncio.create_subprocess_exec(
        *("make", "--no-print-directory", *wanted), cwd=CHECKOUT, stdout=sink, stderr=sink
    )
    try:
        return await make.wait()
    finally:
        if make.returncode is None:
            make.kill()
