"""The web page: built from a source tree when what is there is missing or older."""

import asyncio
import os
import shutil
from pathlib import Path

from tickmark.configuration import CHECKOUT

WEB = CHECKOUT / "services/gateway/web"
BUILT = CHECKOUT / "services/gateway/src/gateway/static/index.html"


def outdated() -> bool:
    """Whether a build is due: never outside a source tree."""
    if not (WEB / "package.json").is_file():
        return False
    if not BUILT.is_file():
        return True
    made = BUILT.stat().st_mtime
    return any(source.stat().st_mtime > made for source in _sources(WEB))


async def build(log: Path) -> bool:
    """Call `make web`; whether it worked. What it said is in `log`."""
    if shutil.which("make") is None:
        return False
    with log.open("ab") as sink:
        made = await asyncio.create_subprocess_exec(
            *("make", "--no-print-directory", "web"), cwd=CHECKOUT, stdout=sink, stderr=sink
        )
        try:
            return await made.wait() == 0
        finally:
            if made.returncode is None:
                made.kill()


def _sources(folder: Path) -> list[Path]:
    found = list[Path]()
    for root, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each not in ("node_modules", "dist")]
        found += [Path(root) / name for name in names]
    return found
