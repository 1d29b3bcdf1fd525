"""What becomes of a key: used for its own call, and in nothing that is kept."""

import json

import pytest

from onecall import KEY, answered, called, fine
from rawserver import Answer, Conversation, delta, head, serving

pytestmark = pytest.mark.usefixtures("short_deadlines")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "sim/m: no API key for sim: SIM_KEY is not set"),
        ({"SIM_KEY": " "}, "sim/m: no API key for sim: SIM_KEY is not set"),
        ({"SIM_KEY": f"{KEY}\r\nX: y"}, "SIM_KEY holds characters no key has"),
        ({"SIM_KEY": f"{KEY}\u00e4"}, "SIM_KEY holds characters no key has"),
    ],
)
async def test_without_a_usable_key_nothing_is_sent(environ: dict[str, str], words: str) -> None:
    async with serving(fine) as server:
        made = await called(server.url, environ=environ)
    assert server.asked == []
    assert made.status == "skipped_config"
    assert made.error is not None
    assert words in made.error.message
    assert KEY not in made.model_dump_json()


@pytest.mark.parametrize(
    "base_url", ["ftp://h", "h:1", "http://", "http://u:p@h", "http://[", "http://h:99999"]
)
async def test_an_address_that_is_none_is_not_called(base_url: str) -> None:
    made = await called(base_url)
    assert made.status == "skipped_config"
    assert "u:p" not in made.model_dump_json()


async def echo_in_error(talk: Conversation) -> None:
    await talk.refuse(401, {"error": {"message": f"bad key {KEY}", "code": KEY, "type": KEY}})


async def echo_in_page(talk: Conversation) -> None:
    await talk.refuse(500, f"headers: {talk.head}")


async def echo_in_stream(talk: Conversation) -> None:
    error = json.dumps({"error": {"message": talk.head, "code": KEY}})
    await talk.stream(delta(f"you sent {KEY}", model=KEY), error)


async def echo_in_answer(talk: Conversation) -> None:
    half = len(KEY) // 2
    await talk.stream(delta(KEY[:half]), delta(KEY[half:], finish="stop", model=KEY))


async def echo_as_finish_reason(talk: Conversation) -> None:
    await talk.stream(delta("a", finish=KEY))


async def echo_as_http(talk: Conversation) -> None:
    await talk.say(f"{KEY}\r\n\r\n".encode())


async def echo_as_encoding(talk: Conversation) -> None:
    await talk.say(head(200, f"Content-Encoding: {KEY}"), b"x")


async def echo_as_type(talk: Conversation) -> None:
    await talk.stream(delta("a"), kind=KEY)


ECHOES: tuple[Answer, ...] = (
    *(echo_in_error, echo_in_page, echo_in_stream, echo_in_answer),
    *(echo_as_finish_reason, echo_as_http, echo_as_encoding, echo_as_type),
)


@pytest.mark.parametrize("echo", ECHOES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("agent", [False, True])
async def test_a_key_that_is_echoed_is_in_no_sample(echo: Answer, *, agent: bool) -> None:
    made = await answered(echo, agent=agent)
    assert KEY not in made.model_dump_json()


async def test_our_own_words_stay_whatever_the_provider_is_called() -> None:
    async with serving(fine) as server:
        made = await called(server.url, environ={}, display_name="Nokey")
    assert made.error is not None
    assert made.error.message == "sim/m: no API key for Nokey: SIM_KEY is not set"


async def test_a_key_written_where_its_name_belongs_is_not_told() -> None:
    async with serving(fine) as server:
        made = await called(server.url, key_env="sk-proj-0123456789")
    assert made.error is not None
    assert made.error.message == "sim/m: no API key for sim: [redacted] is not set"
