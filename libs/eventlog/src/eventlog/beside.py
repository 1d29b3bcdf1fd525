"""A task that lives beside a `with` body: neither outlives the failure of the other."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], name: str) -> AsyncGenerator[asyncio.Task[None]]:
    """Run `work` while the body runs, and wait for its end afterwards.

    When either fails the other is cancelled, and that error is raised as it is, in no group.
    """
    failed: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks.create_task(work, name=name)
    except BaseExceptionGroup as group:
        failed = group.exceptions[0]
    if failed is not None:
        raise failed
