"""One choice of servers for a whole test run: Docker's, embedded ones, or those an address names.

`TICKMARK_TEST_SERVERS=docker|embedded|dsn` decides; without it Docker is used when it answers, then
the embedded servers. Against given addresses only databases named `tickmark_test_*` are touched.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tickmark import embedded


def choice() -> str:
    """Which servers this run uses."""
    named = os.environ.get("TICKMARK_TEST_SERVERS")
    if named:
        return named
    if os.environ.get("TICKMARK_TEST_POSTGRES"):
        return "dsn"
    return "docker" if _docker_answers() else "embedded"


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(
        ["docker", "image", "inspect", "postgres:18", "nats:2.15"], capture_output=True, check=False
    )
    return asked.returncode == 0


@contextmanager
def postgres(*, fsync: bool = False) -> Generator[str]:
    """A server for this process alone: the DSN of its superuser, database `postgres`.

    Only measurements ask an embedded one for durable commits.
    """
    match choice():
        case "docker":
            from testcontainers.postgres import PostgresContainer

            with PostgresContainer("postgres:18", driver=None) as container:
                yield container.get_connection_url()
        case "dsn":
            yield os.environ["TICKMARK_TEST_POSTGRES"]
        case _:
            with _folder() as folder:
                embedded.init_postgres(folder / "postgres", "test", sync=False)
                server = embedded.start_postgres(
                    folder / "postgres", folder / "postgres.log", fsync=fsync
                )
                try:
                    yield f"postgresql://postgres:test@127.0.0.1:{server.port}/postgres"
                finally:
                    server.stop()


@contextmanager
def nats() -> Generator[str]:
    """A NATS server with JetStream and nothing in it: its URL."""
    match choice():
        case "docker":
            from testcontainers.nats import NatsContainer

            with NatsContainer("nats:2.15", jetstream=True) as container:
                yield container.nats_uri()
        case "dsn":
            yield os.environ["TICKMARK_TEST_NATS"]
        case _:
            with _folder() as folder:
                server = embedded.start_nats(folder / "nats", folder / "nats.log")
                try:
                    yield f"nats://127.0.0.1:{server.port}"
                finally:
                    server.stop()


@contextmanager
def _folder() -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tickmark-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
