"""How far the read model is, and waiting for it: one reads what one wrote."""

import asyncio
from typing import Annotated, Final

from fastapi import Query, Request, Response

from gateway.problems import Behind

WAIT_S: Final = 5.0
HEADER: Final = "X-Log-Position"


class Freshness:
    """The last position that reads are sure to show."""

    def __init__(self) -> None:
        self.position = 0
        self._news = asyncio.Event()

    def applied(self, position: int) -> None:
        """The read model is at least there, committed."""
        if position > self.position:
            self.position = position
            self._news.set()
            self._news = asyncio.Event()

    async def reach(self, position: int, within_s: float = WAIT_S) -> None:
        """Return once reads show `position`. Raises Behind after `within_s` seconds."""
        try:
            async with asyncio.timeout(within_s):
                while self.position < position:
                    await self._news.wait()
        except TimeoutError:
            raise Behind(retry_after=1) from None


async def fresh(
    request: Request,
    response: Response,
    min_position: Annotated[
        int | None, Query(ge=0, description="Wait until the read shows this position of the log")
    ] = None,
) -> None:
    """Every read tells the position it was served at."""
    freshness: Freshness = request.app.state.site.freshness
    if min_position is not None:
        await freshness.reach(min_position)
    response.headers[HEADER] = str(freshness.position)
