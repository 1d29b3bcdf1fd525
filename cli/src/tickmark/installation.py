"""One data directory: what `tickmark up` keeps in it, and what others may read there.

lock          held by the one `up` that runs on this directory
secrets.json  passwords and the token secret (0600), made once
state.json    what runs now, for `ps` and for the start after a kill
welcomed      there once the first start has told its login
postgres/  nats/  logs/<service>.log
"""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from tickmark import processes
from tickmark.exits import Misused, Refusal

DATA: Final = Path(".tickmark")


@dataclass(frozen=True)
class Listed:
    """A process as state.json shows it; `identity` proves that the pid is still that process."""

    service: str
    pid: int | None
    identity: str | None
    state: str
    restarts: int
    since: datetime

    def alive(self) -> bool:
        return self.pid is not None and processes.identity(self.pid) == self.identity


@dataclass(frozen=True)
class State:
    """What runs on the directory. `postgres` is host:port of the embedded server, if it is ours."""

    pid: int
    identity: str | None
    url: str
    postgres: str | None
    services: list[Listed] = field(default_factory=list[Listed])


STATE: Final = TypeAdapter(State)


class Installation:
    """The data directory. Nothing in it is made before it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.postgres = self.folder / "postgres"
        self.nats = self.folder / "nats"
        self.logs = self.folder / "logs"
        self._secrets, self._state = self.folder / "secrets.json", self.folder / "state.json"
        self._welcomed = self.folder / "welcomed"

    @contextmanager
    def locked(self) -> Generator[None]:
        """Alone on this directory until the end. Raises Misused when another `up` is."""
        self._make()
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Misused(self._occupied()) from None
            yield

    def log(self, service: str) -> Path:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self.logs / f"{service}.log"

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
        """The secret of this name, made and kept the first time it is asked for."""
        kept = self.secrets()
        if name not in kept:
            kept[name] = make()
            self._keep(kept)
        return kept[name]

    def forget(self, name: str) -> None:
        kept = self.secrets()
        if kept.pop(name, None) is not None:
            self._keep(kept)

    def secrets(self) -> dict[str, str]:
        with suppress(FileNotFoundError):
            return json.loads(self._secrets.read_text())
        return {}

    def state(self) -> State:
        """Raises Refusal when nothing was ever started here, or it cannot be read."""
        try:
            return STATE.validate_json(self._state.read_bytes())
        except FileNotFoundError:
            raise Refusal(f"nothing was started on {self.folder}; see `tickmark up`") from None
        except OSError as wrong:
            raise Misused(f"cannot use {self.folder}: {wrong.strerror}") from None
        except ValidationError:
            raise Refusal(f"{self._state} is not what `tickmark up` writes") from None

    def leftovers(self) -> list[Listed]:
        """What the last start listed, the last started first."""
        with suppress(Refusal):
            return self.state().services[::-1]
        return []

    @property
    def welcomed(self) -> bool:
        """Whether a start has come to its end here once."""
        return self._welcomed.exists()

    @welcomed.setter
    def welcomed(self, value: bool) -> None:
        if value:
            self._welcomed.touch()

    def write(self, state: State) -> None:
        _replace(self._state, STATE.dump_json(state, indent=1), 0o644)

    def dsn(self, login: str, database: str = "tickmark") -> str:
        """How `login` reaches the embedded PostgreSQL. Raises Refusal when it is not ours, or when
        it does not run."""
        state = self.state()
        if state.postgres is None:
            raise Refusal("PostgreSQL is not part of this installation; name it with --dsn")
        if not any(each.service == "postgres" and each.alive() for each in state.services):
            raise Refusal(f"nothing runs on {self.folder}; start it with `tickmark up`")
        password = self.secrets()[f"postgres.{login}"]
        return f"postgresql://{login}:{password}@{state.postgres}/{database}"

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise Misused(f"cannot use {self.folder}: {wrong.strerror}") from None

    def _occupied(self) -> str:
        with suppress(Refusal):
            state = self.state()
            return f"already running on {self.folder} (pid {state.pid}): {state.url}"
        return f"already starting on {self.folder}"

    def _keep(self, kept: dict[str, str]) -> None:
        _replace(self._secrets, json.dumps(kept, indent=1).encode(), 0o600)


def _replace(path: Path, content: bytes, mode: int) -> None:
    """All or nothing: a reader or a crash sees the old file or the new one."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
