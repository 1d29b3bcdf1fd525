"""Every way a provider can fail, over real sockets."""

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import datetime

import pytest
import uvloop

from contracts.samples import CallStatus
from onecall import answered, called, fine
from rawserver import Answer, Conversation, delta, head, serving
from runner_svc import exchange
from runner_svc.providers import agent as agents
from runner_svc.providers import openai_chat
from runner_svc.providers.dialect import Reading

pytestmark = pytest.mark.usefixtures("short_deadlines")


async def hang(talk: Conversation) -> None:
    await talk.hang()


async def hang_in_head(talk: Conversation) -> None:
    await talk.say(b"HTTP/1.1 200 OK\r\nContent-")
    await talk.hang()


async def hang_in_stream(talk: Conversation) -> None:
    await talk.stream(delta("Hel"))
    await talk.hang()


async def drip(talk: Conversation) -> None:
    await talk.stream(delta("Hel"))
    while True:
        await asyncio.sleep(0.05)
        await talk.say(b": still here\n\n")


async def hang_up(talk: Conversation) -> None:
    talk.writer.close()


async def reset_at_once(talk: Conversation) -> None:
    talk.reset()


async def hang_up_in_head(talk: Conversation) -> None:
    await talk.say(b"HTTP/1.1 200 OK\r\nContent-")


async def cut(talk: Conversation) -> None:
    await talk.stream(*[delta("a")] * 12)


async def cut_in_chunks(talk: Conversation) -> None:
    body = f"data: {delta('a')}\n\n".encode()
    headers = ("Content-Type: text/event-stream", "Transfer-Encoding: chunked")
    await talk.say(head(200, *headers), b"%x\r\n%s\r\n" % (len(body), body), b"30\r\ndata: {")


async def reset_in_stream(talk: Conversation) -> None:
    await talk.stream(delta("a"), delta("b"))
    await asyncio.sleep(0.05)  # a reset overtakes what the reader has not taken yet
    talk.reset()


async def error_in_stream(talk: Conversation) -> None:
    await talk.stream(delta("a"), '{"error": {"message": "no memory", "code": 500}}', "[DONE]")


async def bad_json(talk: Conversation) -> None:
    await talk.stream(delta("a"), '{"choices": [}')


async def web_page(talk: Conversation) -> None:
    await talk.stream("<p>hello</p>", kind="text/html")


async def no_http(talk: Conversation) -> None:
    await talk.say(b"220 smtp ready\r\n\r\n")


async def bad_chunk(talk: Conversation) -> None:
    await talk.say(head(200, "Transfer-Encoding: chunked"), b"zz\r\n")
    await talk.hang()


async def bad_gzip(talk: Conversation) -> None:
    await talk.say(head(200, "Content-Encoding: gzip"), b"data: no gzip\n\n")


async def brotli(talk: Conversation) -> None:
    await talk.say(head(200, "Content-Encoding: br"), b"data: no br\n\n")


def refusal(status: int, *headers: str) -> Answer:
    async def refuse(talk: Conversation) -> None:
        await talk.refuse(status, {"error": {"message": "not today", "code": "c"}}, *headers)

    return refuse


FAULTS: dict[str, tuple[Answer, CallStatus, str]] = {
    "hangs before the head": (hang, "timeout_total", "no answer within 0.6 s"),
    "hangs in the head": (hang_in_head, "timeout_idle", "silent for 0.25 s"),
    "hangs in the stream": (hang_in_stream, "timeout_idle", "silent for 0.25 s, after 1 event"),
    "never finishes": (drip, "timeout_total", "not finished after 0.6 s, after 1 event"),
    "hangs up": (hang_up, "conn_reset", "the connection closed before an answer"),
    "resets": (reset_at_once, "conn_reset", "the connection closed before an answer"),
    "hangs up in the head": (hang_up_in_head, "conn_reset", "the connection closed before"),
    "breaks off": (cut, "stream_cut", "the stream broke off after 12 events"),
    "breaks off in a chunk": (cut_in_chunks, "stream_cut", "the stream broke off after 1 event"),
    "resets in the stream": (reset_in_stream, "stream_cut", "the stream broke off after 2 events"),
    "an error in a 200": (error_in_stream, "stream_error", "ended with an error: no memory"),
    "bad JSON": (bad_json, "protocol", "event 2 is no JSON object"),
    "a page": (web_page, "protocol", "answered text/html, not a stream"),
    "no HTTP": (no_http, "protocol", "no proper HTTP"),
    "bad framing": (bad_chunk, "protocol", "no proper HTTP"),
    "bad compression": (bad_gzip, "protocol", "the answer's compression cannot be read"),
    "unknown compression": (brotli, "protocol", "the answer's compression cannot be read"),
    "401": (refusal(401), "auth", "HTTP 401: not today"),
    "429": (refusal(429, "Retry-After: 7"), "rate_limited", "HTTP 429: not today"),
    "500": (refusal(500), "server_error", "HTTP 500: not today"),
    "a redirect": (refusal(307, "Location: http://127.0.0.1:1/"), "protocol", "HTTP 307"),
}


LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_status_and_says_so(fault: str, loop: str) -> None:
    answer, status, words = FAULTS[fault]
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        made = runner.run(answered(answer))
    assert made.error is not None
    assert (made.status, made.error.message.startswith("sim/m: ")) == (status, True)
    assert words in made.error.message


async def test_how_long_to_wait_is_kept() -> None:
    made = await answered(refusal(429, "Retry-After: 7"))
    assert made.error is not None
    assert (made.error.retry_after_s, made.error.code, made.error.http_status) == (7, "c", 429)


async def test_what_came_before_a_break_is_kept() -> None:
    made = await answered(cut)
    assert made.response == "a" * 12
    assert made.metrics.ttft_ms is not None
    assert made.metrics.total_ms is not None


async def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        made = await called(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert made.status == "conn_refused"
    assert set(made.metrics.why_null.values()) == {"not_reached"}


async def test_no_such_host() -> None:
    assert (await called("http://nobody.invalid")).status == "conn_dns"


async def test_a_server_that_accepts_nobody() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.socket() as first, socket.socket() as second:
            for each in (first, second):
                each.setblocking(False)
                each.connect_ex(full.getsockname())
            made = await called(f"http://127.0.0.1:{full.getsockname()[1]}")
    assert made.status == "timeout_connect"


async def test_plain_http_where_tls_is_expected() -> None:
    async with serving(fine) as server:
        made = await called(server.url.replace("http:", "https:"))
    assert made.status in ("conn_tls", "conn_reset", "timeout_connect")
    assert made.error is not None


async def test_an_answer_larger_than_the_limit_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "LARGEST", 2**20)

    async def endless(talk: Conversation) -> None:
        await talk.say(head(200, "Content-Type: text/event-stream"))
        while True:
            await talk.say(b":" + b"x" * 2**16)

    made = await answered(endless)
    assert made.error is not None
    assert (made.status, "larger than 1 MiB" in made.error.message) == ("protocol", True)


@pytest.mark.parametrize("agent", [False, True])
async def test_a_large_answer_is_read_off_the_loop(
    monkeypatch: pytest.MonkeyPatch, *, agent: bool
) -> None:
    async def large(talk: Conversation) -> None:
        if agent:
            await talk.refuse(200, {"response": "y" * 2**19})
        else:
            await talk.stream(*[delta("y" * 2**16)] * 8, delta("", "stop"))

    threads, dialect = list[int](), agents if agent else openai_chat
    reading = dialect.read

    def watched(seen: exchange.Exchange, now: datetime) -> Reading:
        threads.append(threading.get_ident())
        return reading(seen, now)

    monkeypatch.setattr(dialect, "read", watched)
    made = await answered(large, agent=agent)
    await answered(fine, agent=agent)
    assert (made.status, made.response) == ("ok", "y" * 10_000 + "... (truncated)")
    assert threads[0] != threading.get_ident()
    assert threads[1] == threading.get_ident()
