"""One call over real sockets: what is sent, what is measured, and when it is let go."""

import asyncio
import json
import time
import zlib
from uuid import UUID

import pytest

from onecall import KEY, NOON, answered, called, fine
from rawserver import Conversation, delta, head, serving
from runner_svc.connection import Stamps, StampStream
from runner_svc.exchange import Asked, Cancellation, Deadlines, exchange

WAIT_S = 5.0

pytestmark = pytest.mark.usefixtures("short_deadlines")


async def test_a_streamed_answer_is_measured() -> None:
    async with serving(fine) as server:
        made = await called(server.url, max_output_tokens=16, system_prompt="Be short.")
    (asked,) = server.asked
    assert asked.head.startswith("POST /v1/chat/completions HTTP/1.1")
    for name in ("accept-encoding: identity", f"x-client-request-id: {UUID(int=5)}"):
        assert name in asked.head.lower()
    assert f"Authorization: Bearer {KEY}" in asked.head
    assert json.loads(asked.body)["max_tokens"] == 16
    assert (made.status, made.response, made.error) == ("ok", "Hello", None)
    assert made.started_at == NOON
    assert made.tokens.output == 2
    metrics = made.metrics
    assert metrics.connect_ms is not None
    assert metrics.ttft_ms is not None
    assert metrics.total_ms is not None
    assert 0 < metrics.connect_ms < 1000
    assert 0 < metrics.ttft_ms <= metrics.total_ms < 1000


async def test_the_first_token_is_stamped_when_it_arrives() -> None:
    async def slow(talk: Conversation) -> None:
        await asyncio.sleep(0.1)
        await talk.stream(delta("a"))
        sent.append(time.perf_counter_ns())
        await asyncio.sleep(0.05)
        await talk.say(f"data: {delta('b', 'stop')}\n\ndata: [DONE]\n\n".encode())

    sent: list[int] = []
    metrics = (await answered(slow)).metrics
    assert metrics.ttft_ms is not None
    assert metrics.latency_ms is not None
    assert metrics.ttft_ms >= 100
    assert metrics.latency_ms - metrics.ttft_ms >= 45


async def test_an_agent_answers_as_a_whole() -> None:
    async def agent(talk: Conversation) -> None:
        await talk.refuse(200, {"response": "Two nodes are down."})

    async with serving(agent) as server:
        made = await called(server.url + "/agents/ada", agent=True)
    assert server.asked[0].head.startswith("POST /agents/ada/api/chat ")
    assert (made.status, made.response) == ("ok", "Two nodes are down.")
    assert made.metrics.latency_ms == made.metrics.total_ms


async def test_compression_that_was_not_asked_for_is_undone() -> None:
    async def compressed(talk: Conversation) -> None:
        stream = f"data: {delta('Hello', 'stop')}\n\ndata: [DONE]\n\n".encode()
        packed = zlib.compress(stream)
        headers = ("Content-Type: text/event-stream", "Content-Encoding: deflate")
        await talk.say(head(200, *headers), packed[:9], packed[9:])

    assert (await answered(compressed)).response == "Hello"


async def test_a_server_that_does_not_close_after_the_marker_is_not_waited_for() -> None:
    async def open_ended(talk: Conversation) -> None:
        await fine(talk)
        await talk.hang()

    made = await answered(open_ended)
    assert (made.status, made.response) == ("ok", "Hello")
    assert made.metrics.total_ms is not None
    assert made.metrics.total_ms < 200


async def test_the_marker_ends_a_stream_also_when_it_comes_in_pieces() -> None:
    async def in_pieces(talk: Conversation) -> None:
        await talk.stream(delta("a"))
        for piece in (b"data: [DO", b"NE]\n\n"):
            await asyncio.sleep(0.02)
            await talk.say(piece)
        await talk.hang()

    patient = Deadlines(total_s=60)
    async with serving(in_pieces) as server, asyncio.timeout(WAIT_S):
        asked = Asked(url=server.url, headers={}, body=b"", markers=(b"\ndata: [DONE]",))
        seen = await exchange(asked, patient, Cancellation())
    assert seen.broke is None
    assert b"".join(each.data for each in seen.reads).endswith(b"data: [DONE]\n\n")


async def test_bytes_have_the_stamp_of_their_arrival_however_late_they_are_taken() -> None:
    stamps = Stamps()
    stream = StampStream(stamps, "nowhere", 0)
    stream.data_received(b"a")
    first = stamps.arrived
    stream.data_received(b"b")
    assert await stream.read(1) == b"a"
    assert stamps.taken == first
    assert await stream.read(1) == b"b"
    assert stamps.taken == stamps.arrived != first


async def test_a_cancelled_call_hangs_up() -> None:
    cancellation = Cancellation()

    async def cancel_then_wait(talk: Conversation) -> None:
        await talk.stream(delta("a"))
        cancellation.ask()
        await talk.hang()

    async with serving(cancel_then_wait) as server:
        made = await called(server.url, cancellation=cancellation)
        async with asyncio.timeout(WAIT_S):
            await server.hung_up.wait()
    assert made.status == "cancelled"
    assert (await called("http://127.0.0.1:1", cancellation=cancellation)).status == "cancelled"
