"""`tickmark secrets DIR`: the passwords of a deployment, drawn once, one file each.

Compose mounts the folder, Kubernetes holds it as a Secret; a service is told the files that are its
own by `TICKMARK_<SECTION>__<KEY>_FILE`.
"""

import argparse
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tickmark import database, nats_users
from tickmark.exits import OK, Misused

OWNER: Final = "postgres"
POSTGRES: Final = "postgres:5432/tickmark"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the files are written")
    parser.add_argument(
        "--postgres", default=POSTGRES, help="HOST:PORT/DATABASE in the addresses (%(default)s)"
    )
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> int:
    drawn = write(chosen.folder, chosen.postgres)
    print(f"{len(drawn)} secrets drawn in {chosen.folder}" if drawn else "nothing was missing")
    return OK


def write(folder: Path, postgres: str = POSTGRES) -> list[str]:
    """Draw what is missing; what is there stays. The names of the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = {n: text for n, text in _contents(folder, postgres).items() if text is not None}
    for name, text in missing.items():
        _write(folder / name, text)
    return sorted(missing)


def login_passwords(folder: Path) -> dict[str, str]:
    """What the services' addresses in the folder say. Raises Misused, naming what is missing."""
    try:
        addresses = {each: (folder / f"{each}.dsn").read_text() for each in database.LOGINS}
    except OSError as wrong:
        raise Misused(f"{wrong.filename}: {wrong.strerror}; see `tickmark secrets`") from None
    return {each: urlsplit(address.strip()).password or "" for each, address in addresses.items()}


def _contents(folder: Path, postgres: str) -> Mapping[str, str | None]:
    """Each file's text; None for one that is there. Files made of others agree with those."""
    password = _read(folder / "owner.password") or _draw()
    users = {each: _read(folder / f"{each}.nats") or _draw() for each in nats_users.PUBLISHES}
    wanted = {
        "owner.password": password,
        "owner.dsn": f"postgresql://{OWNER}:{password}@{postgres}",
        **{f"{each}.dsn": _address(each, postgres) for each in database.LOGINS},
        **{f"{each}.nats": drawn for each, drawn in users.items()},
        "nats.conf": nats_users.configuration(users),
        "token.secret": _draw(),
        "admin.password": _draw(12),
    }
    return {n: None if (folder / n).exists() else text for n, text in wanted.items()}


def _address(service: str, postgres: str) -> str:
    return f"postgresql://{database.login(service)}:{_draw()}@{postgres}"


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _draw(size: int = 32) -> str:
    return secrets.token_urlsafe(size)


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
