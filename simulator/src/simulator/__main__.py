"""`python -m simulator [--host H] [--port N]`: until it is stopped."""

import argparse
import asyncio
import contextlib
import signal

import uvloop

from simulator.server import Simulator


async def _serve(host: str, port: int) -> None:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await Simulator().serve(host, port)


def main() -> None:
    options = argparse.ArgumentParser(prog="simulator", description=__doc__)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8510, help="0 takes a free one")
    chosen = options.parse_args()
    with (
        contextlib.suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(chosen.host, chosen.port))


if __name__ == "__main__":
    main()
