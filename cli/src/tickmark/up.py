"""`tickmark up`: everything on this machine, kept running until it is told to stop.

Real PostgreSQL and NATS from the wheels, unless the settings name others; the provider simulator;
the four services. Whatever a start needs and a crash may leave behind is in the data directory.
"""

import argparse
import asyncio
import os
import signal
import socket
import time
from pathlib import Path
from typing import Final

from tickmark import configuration, processes, programs
from tickmark.exits import OK, Misused
from tickmark.installation import DATA, Installation, Listed, State
from tickmark.progress import say, step
from tickmark.start import Start
from tickmark.supervisor import Supervisor
from tickmark.welcome import check_admin, welcome

SAME_S: Final = 1.0


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DATA, help="data directory (%(default)s)")
    parser.add_argument("--port", type=int, help="where REST, WebSocket and page answer (8501)")
    parser.add_argument("--config", type=Path, help="settings file (./config.yaml)")
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> int:
    return asyncio.run(up(chosen.data, chosen.port, chosen.config))


async def up(data: Path, port: int | None, config: Path | None) -> int:
    """Run until SIGINT or SIGTERM; a second one does not wait for anything. Raises Refusal."""
    file = configuration.chosen(config, dict(os.environ))
    settings, port = configuration.check(file, dict(os.environ), port)
    installation = Installation(data)
    with installation.locked():
        say(f"tickmark up: data in {installation.folder}, settings from {file or 'defaults'}")
        check_admin(installation)
        _end_leftovers(installation)
        _refuse_taken(port)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            start = Start(installation, port, file, settings, Supervisor(tasks, say))
            start.supervisor.changed = lambda listed: _write(start, listed)
            _on_signals(stop, start.supervisor.hurry)
            try:
                if await _started(start, stop):
                    await stop.wait()
            finally:
                await _stop(start.supervisor)
    return OK


async def _started(start: Start, stop: asyncio.Event) -> bool:
    """False when it was told to stop before everything ran."""
    async with asyncio.TaskGroup() as racing:
        starting = racing.create_task(_everything(start))
        stopping = racing.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        starting.cancel()
    return not starting.cancelled()


async def _everything(start: Start) -> None:
    await start.all()
    with_demo = programs.uses_simulator(start.settings)
    await welcome(start.installation, start.url, with_demo=with_demo)


async def _stop(supervisor: Supervisor) -> None:
    began = time.monotonic()
    say("\nstopping")
    await supervisor.stop()
    say(f"stopped in {time.monotonic() - began:.2f} s")


def _on_signals(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    """One Ctrl-C may arrive twice, from the terminal and from who started us: that is one."""
    loop, first = asyncio.get_running_loop(), list[float]()

    def told() -> None:
        first.append(loop.time())
        if loop.time() - first[0] > SAME_S:
            hurry.set()
        stop.set()

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(each, told)


def _write(start: Start, listed: list[Listed]) -> None:
    us, identity = os.getpid(), processes.identity(os.getpid())
    start.installation.write(State(us, identity, start.url, start.postgres, listed))


def _end_leftovers(installation: Installation) -> None:
    """End what a killed `up` may have left: only processes that are provably those it listed."""
    with step("leftovers") as done:
        ended = [each.service for each in installation.leftovers() if _end(each)]
        done.detail = f"ended {', '.join(ended)}" if ended else "none"


def _end(each: Listed) -> bool:
    wanted = signal.SIGINT if each.service == "postgres" else signal.SIGKILL
    if each.pid is None or each.identity is None:
        return False
    return processes.end(each.pid, each.identity, wanted)


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as wrong:
            raise Misused(f"port {port} is taken ({wrong.strerror}); choose with --port") from None
