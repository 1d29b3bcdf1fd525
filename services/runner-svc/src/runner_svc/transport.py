"""httpx2 above, a connection of our own below: one slot, one connection, nothing shared.

A pool that many calls share scans lists for each of them, and its waiting would be booked as the
provider's time.
"""

import ssl
from collections.abc import AsyncIterable, AsyncIterator
from functools import cache

import httpcore2
import httpx2

from runner_svc.connection import StampBackend, Stamps


def client(stamps: Stamps, connect_s: float) -> httpx2.AsyncClient:
    """A client for one call. It takes nothing from the environment (no proxy, no .netrc), follows
    no redirect and has no timeout of its own but that of connecting.

    Its requests raise connection.NotConnected, and httpcore2's ProtocolError and NetworkError.
    """
    return httpx2.AsyncClient(
        transport=_Slot(stamps, connect_s),
        trust_env=False,
        follow_redirects=False,
        timeout=None,
    )


class _Slot(httpx2.AsyncBaseTransport):
    def __init__(self, stamps: Stamps, connect_s: float) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_trust(),
            max_connections=1,
            http2=False,
            retries=0,
            network_backend=StampBackend(stamps, connect_s),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answered = await self._pool.handle_async_request(
            httpcore2.Request(
                request.method,
                httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=_asynchronous(request.stream),
            )
        )
        return httpx2.Response(answered.status, headers=answered.headers, stream=_Body(answered))

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answered: httpcore2.Response) -> None:
        self._answered = answered

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._answered.aiter_stream():
            yield data

    async def aclose(self) -> None:
        await self._answered.aclose()


def _asynchronous(stream: object) -> AsyncIterable[bytes]:
    if not isinstance(stream, httpx2.AsyncByteStream):
        raise TypeError("an AsyncClient sends asynchronous bodies")
    return stream


@cache
def _trust() -> ssl.SSLContext:
    """One for all: building it blocks for 20 ms."""
    return httpx2.create_ssl_context(trust_env=False)
