"""Many callers, one statement: what waits while a commit is under way goes with the next one.

One task, one connection, no timer: an idle appender waits for nothing, a busy one for the flush
before it. Positions follow the order of the calls.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

import asyncpg

from eventlog.batch import Batch, Ticket
from eventlog.beside import beside
from eventlog.link import Link
from eventlog.store import Answer, Append, Fenced, LogFrozen, LogUnavailable

OnCommit: TypeAlias = Callable[[int], Awaitable[None]]

MOST_WAITING: Final = 10_000
MOST_WAITING_BYTES: Final = 64 * 1024 * 1024

logger = logging.getLogger(__name__)


class Appender:
    """The queue in front of a link. `on_commit` hears the last position after commits."""

    def __init__(self, link: Link, on_commit: OnCommit | None = None) -> None:
        self._link, self._on_commit = link, on_commit
        self._batches: deque[Batch] = deque()
        self._waiting = self._waiting_bytes = 0
        self._news, self._commits = asyncio.Event(), asyncio.Event()
        self._committed = 0
        self._closed = False

    async def append_all(self, appends: Sequence[Append]) -> list[Answer]:
        """One answer each. A caller that is cancelled leaves its appends in the queue.

        Raises LogUnavailable, LogFrozen, Fenced, and what the server says of a faulty append.
        """
        if not appends:
            return []
        if self._closed or self._full:
            raise LogUnavailable
        ticket = Ticket(len(appends), asyncio.get_running_loop().create_future())
        for index, append in enumerate(appends):
            self._put(append, ticket, index)
        self._news.set()
        return await ticket.future

    def close(self) -> None:
        """Take no more; `run` ends when what waits has its answers."""
        self._closed = True
        self._news.set()

    async def run(self) -> None:
        """Append until closed. Whatever ends it, nobody is left waiting."""
        try:
            async with beside(self._tell(), "on-commit") as telling:
                while batch := await self._next():
                    await self._deliver(batch)
                telling.cancel()
        finally:
            self._closed = True
            self._give_up()
            self._link.hang_up()

    @property
    def _full(self) -> bool:
        return self._waiting >= MOST_WAITING or self._waiting_bytes >= MOST_WAITING_BYTES

    def _put(self, append: Append, ticket: Ticket, index: int) -> None:
        if not self._batches or not self._batches[-1].fits(append):
            self._batches.append(Batch())
        self._batches[-1].add(append, ticket, index)
        self._waiting += 1
        self._waiting_bytes += append.size

    async def _next(self) -> Batch | None:
        while not self._batches:
            if self._closed:
                return None
            self._news.clear()
            await self._news.wait()
        batch = self._batches.popleft()
        self._waiting -= len(batch.appends)
        self._waiting_bytes -= batch.size
        return batch

    async def _deliver(self, batch: Batch) -> None:
        try:
            answers = await self._link.send(batch)
            batch.resolve(answers)
        except LogUnavailable:
            batch.fail(LogUnavailable)
            self._give_up()
        except (Fenced, LogFrozen) as refusal:
            batch.fail(type(refusal))
        except asyncpg.PostgresError as error:
            self._set_apart(batch, error)
        except BaseException:
            batch.fail(LogUnavailable)
            raise
        else:
            self._committed = max(self._committed, *(answer.last or 0 for answer in answers))
            self._commits.set()

    def _set_apart(self, batch: Batch, error: asyncpg.PostgresError) -> None:
        """A faulty append harms only itself: each goes alone next, still in order."""
        if len(batch.appends) == 1:
            batch.fail(error)
            return
        self._batches.extendleft(reversed(batch.split()))
        self._waiting += len(batch.appends)
        self._waiting_bytes += batch.size

    def _give_up(self) -> None:
        """Tell all who wait that there is no answer."""
        while self._batches:
            self._batches.popleft().fail(LogUnavailable)
        self._waiting = self._waiting_bytes = 0

    async def _tell(self) -> None:
        """One call for all commits since the one before: only the newest position matters."""
        while self._on_commit is not None:
            await self._commits.wait()
            self._commits.clear()
            try:
                await self._on_commit(self._committed)
            except Exception:
                logger.exception("what follows a commit failed; the commit stands")
