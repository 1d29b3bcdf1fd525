"""The calls of one attempt, side by side: one failing target neither delays nor fails another."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from contracts.actions import Target
from contracts.samples import Call

Caller: TypeAlias = Callable[[Target], Awaitable[Call]]


@asynccontextmanager
async def calling(targets: Sequence[Target], caller: Caller) -> AsyncGenerator[AsyncIterator[Call]]:
    """Call all `targets` at once; inside, each call is handed out as soon as it has ended.

    Leaving early breaks off the rest.
    """
    ended = asyncio.Queue[Call]()

    async def one(target: Target) -> None:
        ended.put_nowait(await caller(target))

    async with asyncio.TaskGroup() as tasks:
        going = [tasks.create_task(one(target)) for target in targets]
        try:
            yield _each(ended, len(targets))
        finally:
            for task in going:
                task.cancel()


async def _each(ended: asyncio.Queue[Call], count: int) -> AsyncIterator[Call]:
    for _ in range(count):
        yield await ended.get()
