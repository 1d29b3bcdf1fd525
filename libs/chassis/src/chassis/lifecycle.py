"""Signals set `stop`; the process drains within its grace time and tells how it went."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

import structlog
import uvloop

Main: TypeAlias = Callable[[asyncio.Event], Awaitable[None]]

log = structlog.get_logger()


def run(main: Main, grace: float = 20.0) -> int:
    """Run `main(stop)` to its end. SIGTERM or SIGINT sets `stop`; after `grace` s it is cancelled.

    0: it returned, or was stopped. 1: it failed; the reason is in the log.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_supervised(main, grace))


async def _supervised(main: Main, grace: float) -> int:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(_reported(main, stop), name="main")
        stopping = tasks.create_task(stop.wait(), name="stop")
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await asyncio.wait({work}, timeout=grace)
        if not work.done():
            log.warning("grace_time_over", grace_s=grace)
            work.cancel()
    return 0 if work.cancelled() else work.result()


async def _reported(main: Main, stop: asyncio.Event) -> int:
    try:
        await main(stop)
    except Exception:
        log.exception("stopped_by_error")
        return 1
    return 0


async def until(stop: asyncio.Event, tasks: dict[str, Coroutine[Any, Any, None]]) -> None:
    """Run the named tasks side by side until `stop`, or until one fails: then all end.

    Raises the ExceptionGroup of what failed; a task that returns early is left in peace.
    """
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(task, name=name) for name, task in tasks.items()]
        await stop.wait()
        for task in running:
            task.cancel()
