"""The appender's own connection: remade when it is lost, and the batch under way sent again.

When the connection is lost the outcome is unknown; what was stored the first time is answered
`duplicate` the second, which is a success.
"""

import asyncio
import logging
from typing import Final, TypeAlias

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.prepared_stmt import PreparedStatement

from eventlog.batch import Batch
from eventlog.queries import load
from eventlog.store import Answer, Fenced, LogError, LogFrozen, LogUnavailable

SQL = load("eventlog")

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Statement: TypeAlias = "PreparedStatement[asyncpg.Record]"
Fence: TypeAlias = tuple[str, int]

PATIENCE_S: Final = 5.0
"""Without the server for so long, those who wait are told."""
ANSWER_WITHIN_S: Final = 3.0
CONNECT_WITHIN_S: Final = 2.0
BACKOFF_S: Final = (0.05, 2.0)

OUTAGES: Final = (
    OSError,  # TimeoutError is one
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.TargetServerAttributeNotMatched,
)
"""The server's state, not the statement: the same one may succeed later."""
REFUSALS: Final[dict[str | None, type[LogError]]] = {"TM001": Fenced, "TM002": LogFrozen}

logger = logging.getLogger(__name__)


class Link:
    """`fence` is the (role, epoch) under which everything is appended."""

    def __init__(self, dsn: str, settings: dict[str, str], fence: Fence | None) -> None:
        self._dsn, self._fence = dsn, fence or (None, None)
        self._settings = {**settings, "statement_timeout": f"{ANSWER_WITHIN_S:.0f}s"}
        self._connection: Connection | None = None
        self._statement: Statement | None = None
        self._down_since: float | None = None
        self._backoff = BACKOFF_S[0]

    async def send(self, batch: Batch) -> list[Answer]:
        """Append the batch, over outages. Raises LogUnavailable, Fenced, LogFrozen, or the server's
        own error where the statement is at fault."""
        while True:
            began = asyncio.get_running_loop().time()
            try:
                answers = await self._attempt(batch)
            except Exception as error:
                if refusal := REFUSALS.get(getattr(error, "sqlstate", None)):
                    raise refusal from error
                if not self._is_outage(error):
                    raise
                await self._wait_out(began, error)
            else:
                self._down_since, self._backoff = None, BACKOFF_S[0]
                return answers

    def hang_up(self) -> None:
        """Drop the connection at once; the next batch makes another."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection = self._statement = None

    async def _attempt(self, batch: Batch) -> list[Answer]:
        statement = self._statement or await self._dial()
        async with asyncio.timeout(ANSWER_WITHIN_S):
            rows = await statement.fetch(*self._fence, *batch.columns())
        return [Answer(*row) for row in rows]

    async def _dial(self) -> Statement:
        self._connection = await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_WITHIN_S,
            server_settings=self._settings,
            target_session_attrs=SessionAttribute.read_write,
        )
        self._statement = await self._connection.prepare(SQL["append"])
        return self._statement

    def _is_outage(self, error: Exception) -> bool:
        if isinstance(error, asyncpg.InterfaceError):
            return self._connection is None or self._connection.is_closed()
        return isinstance(error, OUTAGES)

    async def _wait_out(self, began: float, why: Exception) -> None:
        """Back off after a failed attempt. Raises LogUnavailable once patience is over."""
        self.hang_up()
        logger.warning("no answer from the log's server: %s", type(why).__name__)
        loop = asyncio.get_running_loop()
        self._down_since = began if self._down_since is None else self._down_since
        left = self._down_since + PATIENCE_S - loop.time()
        await asyncio.sleep(min(self._backoff, left) if left > 0 else self._backoff)
        self._backoff = min(2 * self._backoff, BACKOFF_S[1])
        if loop.time() >= self._down_since + PATIENCE_S:
            raise LogUnavailable from why
