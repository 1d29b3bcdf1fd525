"""The whole system as its user has it: `tickmark up`, a process with its own data and ports."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from tickmark.embedded import free_port

READY: Final = "Tickmark is ready"
START_S: Final = 120.0
STOP_S: Final = 60.0
LOWERED: Final = {
    "TICKMARK_LIMITS__MIN_INTERVAL_SECONDS": "1",
    "TICKMARK_LIMITS__PER_USER": "50",
}


class NotReady(Exception):
    """`tickmark up` did not become ready; the message is all it said."""


@dataclass
class Stack:
    """A data directory and a port, started and stopped as often as a test likes."""

    data: Path
    port: int = field(default_factory=free_port)
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    admin_email: str = "admin@tickmark.example"
    admin_password: str = "correct horse battery staple"
    process: subprocess.Popen[str] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return (self.data.parent / "up.out").read_text()

    def start(self) -> None:
        """Returns once it has said that it is ready. Raises NotReady."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with (self.data.parent / "up.out").open("w") as sink:
            command = ("up", "--data", str(self.data), "--port", str(self.port))
            self.process = subprocess.Popen(
                (sys.executable, "-m", "tickmark", *command),
                env=self.environment(),
                stdout=sink,
                stderr=sink,
                text=True,
            )
        deadline = time.monotonic() + START_S
        while READY not in self.output:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise NotReady(self.output)
            time.sleep(0.02)

    def stop(self, *, twice: bool = False) -> int:
        """As Ctrl-C does, which a terminal and a parent may both hand on; the exit code."""
        assert self.process is not None
        if twice:
            self.process.send_signal(signal.SIGINT)
        return self._end(signal.SIGINT)

    def kill(self) -> int:
        return self._end(signal.SIGKILL)

    def environment(self) -> dict[str, str]:
        ours = {n: v for n, v in os.environ.items() if not n.startswith("TICKMARK_")}
        return {
            **ours,
            **LOWERED,
            "TICKMARK_ADMIN_EMAIL": self.admin_email,
            "TICKMARK_ADMIN_PASSWORD": self.admin_password,
            **self.extra,
        }

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another tickmark command on this data directory."""
        return subprocess.run(
            [sys.executable, "-m", "tickmark", *arguments, "--data", str(self.data)],
            env=self.environment(), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def processes(self) -> dict[str, dict[str, Any]]:
        """What `tickmark ps` lists, by service."""
        listed: list[dict[str, Any]] = json.loads(self.command("ps", "--json").stdout)
        return {each["service"]: each for each in listed}

    @contextmanager
    def login(self) -> Generator[httpx2.Client]:
        """The API as the admin sees it."""
        with httpx2.Client(base_url=self.base_url, trust_env=False, timeout=30) as api:
            body = {"email": self.admin_email, "password": self.admin_password}
            answer = api.post("/api/auth/login", json=body).raise_for_status().json()
            api.headers["Authorization"] = f"Bearer {answer['access_token']}"
            yield api

    def _end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(STOP_S)


def until(condition: Callable[[], bool], within_s: float) -> None:
    """Returns as soon as it holds. Raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s} s")
        time.sleep(0.05)


@contextmanager
def running(folder: Path, extra: Mapping[str, str] | None = None) -> Generator[Stack]:
    """A stack in `folder`, stopped at the end."""
    stack = Stack(folder / "data", extra=extra or {})
    stack.start()
    try:
        yield stack
    finally:
        if stack.process is not None and stack.process.poll() is None:
            stack.stop()
