"""Golden streams: each trap of the dialect and its many servers, and the record it must give."""

from typing import Any

import pytest

from contracts.samples import CallStatus, Tokens
from measures.timeline import Mark, metrics
from openai_streams import DONE, ERROR, MS, ROLE, STOP, USAGE, chunk, read, say, seen, think
from runner_svc.exchange import Exchange
from runner_svc.failure import Failure
from runner_svc.providers.dialect import KEPT, LARGEST_JSON


def test_a_plain_stream_gives_the_whole_record() -> None:
    reading = read(seen(ROLE, say("Hel"), say("lo"), STOP, USAGE, DONE))
    assert reading.failure is None
    assert (reading.text, reading.finish_reason, reading.response_model) == ("Hello", "stop", "m-1")
    assert reading.tokens == Tokens(input=7, output=11, source="usage")
    found = metrics(reading.timeline, reading.tokens)
    assert found.ttft_ms == found.tto_ms == 20
    assert (found.latency_ms, found.total_ms, found.tpot_ms) == (30, 60, 1)


ANSWERED: dict[str, tuple[Exchange, CallStatus, str | None]] = {
    "no role chunk": (seen(say("a"), STOP, DONE), "ok", "a"),
    "CRLF": (seen(ROLE, say("a"), STOP, DONE, end="\r\n\r\n"), "ok", "a"),
    "CR": (seen(ROLE, say("a"), STOP, DONE, end="\r\r"), "ok", "a"),
    "no space after data:": (
        seen(*(c.replace("data: ", "data:", 1) for c in (ROLE, say("a"), STOP, DONE))),
        "ok",
        "a",
    ),
    "OpenRouter's comments": (
        seen(": OPENROUTER PROCESSING", ROLE, ": OPENROUTER PROCESSING", say("a"), STOP, DONE),
        "ok",
        "a",
    ),
    "event names": (seen("event: message\n" + say("a"), STOP, DONE), "ok", "a"),
    "[DONE] twice": (seen(say("a"), STOP, DONE, DONE), "ok", "a"),
    "[DONE] missing": (seen(say("a"), STOP), "ok", "a"),
    "a finish reason missing": (seen(say("a"), DONE), "ok", "a"),
    "cut after the finish reason": (
        seen(say("a"), STOP, broke=Failure("stream_cut", "the stream broke off")),
        "ok",
        "a",
    ),
    "left open after the finish reason": (
        seen(say("a"), STOP, end_ns=None, broke=Failure("timeout_idle", "silent for 60 s")),
        "ok",
        "a",
    ),
    "text on the finish chunk": (seen(chunk({"content": "a"}, "stop"), DONE), "ok", "a"),
    "choices null and missing": (
        seen(say("a"), STOP, 'data: {"choices": null}', "data: {}", DONE),
        "ok",
        "a",
    ),
    "deltas null": (seen('data: {"choices": [{"delta": null}]}', say("a"), STOP), "ok", "a"),
    "error null": (seen(chunk({"content": "a"}, error=None), STOP, DONE), "ok", "a"),
    "NaN": (seen('data: {"choices": [], "logprob": NaN}', say("a"), STOP), "ok", "a"),
    "a pair of surrogates in two chunks": (
        seen(
            'data: {"choices": [{"delta": {"content": "\\ud83d"}}]}',
            'data: {"choices": [{"delta": {"content": "\\ude00"}}]}',
            STOP,
        ),
        "ok",
        "\U0001f600",
    ),
    "a lone surrogate": (
        seen('data: {"choices": [{"delta": {"content": "a\\ud83d"}}]}', STOP),
        "ok",
        "a\ufffd",
    ),
    "NUL": (seen('data: {"choices": [{"delta": {"content": "a\\u0000"}}]}', STOP), "ok", "a\ufffd"),
    "a second choice": (
        seen('data: {"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]}', STOP),
        "ok",
        "a",
    ),
    "a refusal": (seen(chunk({"refusal": "I can't"}), STOP, DONE), "ok", "I can't"),
    "spoken": (seen(chunk({"audio": {"transcript": "a"}}), STOP, DONE), "ok", "a"),
    "tool calls": (
        seen(
            chunk({"tool_calls": [{"function": {"name": "f", "arguments": ""}}]}),
            chunk({"tool_calls": [{"function": {"arguments": "{}"}}]}),
            chunk({}, "tool_calls"),
            DONE,
        ),
        "ok",
        None,
    ),
    "length": (seen(say("a"), chunk({}, "length"), DONE), "truncated", "a"),
    "filtered": (seen(say("a"), chunk({}, "content_filter"), DONE), "content_filter", "a"),
    "no content type": (seen(say("a"), STOP, headers={}), "ok", "a"),
    "nothing said": (seen(ROLE, STOP, DONE), "ok", None),
}


@pytest.mark.parametrize("case", ANSWERED)
def test_answers(case: str) -> None:
    exchange, status, text = ANSWERED[case]
    reading = read(exchange)
    assert reading.failure is None
    assert (reading.answered, reading.text) == (status, text)


HTML: dict[str, Any] = {"headers": {"content-type": "text/html"}}
JSON: dict[str, Any] = {"headers": {"content-type": "application/json"}}
FAILED: dict[str, tuple[Exchange, CallStatus, str]] = {
    "cut": (
        seen(ROLE, say("a"), broke=Failure("stream_cut", "the stream broke off")),
        "stream_cut",
        "the stream broke off after 2 events",
    ),
    "cut after one": (seen(say("a")), "stream_cut", "the stream broke off after 1 event"),
    "cut inside an event": (
        seen(say("a") + "\n\n", 'data: {"choi', end=""),
        "stream_cut",
        "the stream broke off after 1 event",
    ),
    "silent": (
        seen(say("a"), end_ns=None, broke=Failure("timeout_idle", "silent for 60 s")),
        "timeout_idle",
        "silent for 60 s, after 1 event",
    ),
    "error first": (
        seen(ERROR, DONE),
        "stream_error",
        "the stream ended with an error: out of memory",
    ),
    "error later": (
        seen(say("a"), ERROR, DONE),
        "stream_error",
        "the stream ended with an error: out of memory",
    ),
    "OpenRouter's error": (
        seen(say("a"), chunk({}, "error", error={"code": 502, "message": "upstream"})),
        "stream_error",
        "the stream ended with an error: upstream",
    ),
    "error as text": (
        seen('data: {"error": "no memory"}'),
        "stream_error",
        "the stream ended with an error: no memory",
    ),
    "error as JSON in a 200": (
        seen('{"error": {"message": "overloaded"}}', end="", **JSON),
        "stream_error",
        "the stream ended with an error: overloaded",
    ),
    "an unknown finish reason": (
        seen(say("a"), chunk({}, "abort"), DONE),
        "stream_error",
        "ended with finish reason abort",
    ),
    "bad JSON": (
        seen(say("a"), 'data: {"choices": [}', DONE),
        "protocol",
        "event 2 is no JSON object",
    ),
    "JSON, but no object": (seen("data: 7", DONE), "protocol", "event 1 is no JSON object"),
    "a page": (seen(say("a"), STOP, **HTML), "protocol", "answered text/html, not a stream"),
    "not streamed": (
        seen('{"choices": []}', **JSON),
        "protocol",
        "answered application/json, not a stream",
    ),
    "the marker alone": (seen(DONE), "protocol", "ended without an answer, after 0 events"),
    "nothing": (seen(), "stream_cut", "the stream broke off after 0 events"),
    "a redirect": (seen(status=307), "protocol", "answered HTTP 307"),
}


@pytest.mark.parametrize("case", FAILED)
def test_failures(case: str) -> None:
    exchange, status, message = FAILED[case]
    reading = read(exchange)
    assert reading.failure is not None
    assert (reading.failure.status, reading.failure.message) == (status, message)


def test_what_came_before_a_failure_is_kept() -> None:
    reading = read(seen(ROLE, say("Hel"), say("lo"), ERROR))
    assert reading.text == "Hello"
    assert metrics(reading.timeline, reading.tokens).ttft_ms == 20


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_counts_for_ttft_and_is_no_part_of_the_answer(name: str) -> None:
    reading = read(seen(ROLE, think("hm", name), say("a"), STOP, DONE))
    assert reading.text == "a"
    assert reading.timeline.marks == (Mark(20 * MS, "reasoning", 2), Mark(30 * MS, "answer", 1))
    assert reading.timeline.visibility == "raw"


def test_reasoning_repeated_in_details_counts_once_and_is_a_summary() -> None:
    twice = chunk({"reasoning": "hm", "reasoning_details": [{"text": "hm"}]})
    reading = read(seen(twice, say("a"), STOP, DONE))
    assert reading.timeline.marks[0] == Mark(10 * MS, "reasoning", 2)
    assert reading.timeline.visibility == "summary"


def test_reasoning_that_only_usage_tells_of_is_hidden() -> None:
    usage = {"completion_tokens": 90, "completion_tokens_details": {"reasoning_tokens": 80}}
    reading = read(seen(say("a"), say("b"), STOP, chunk(None, usage=usage), DONE))
    assert reading.timeline.visibility == "hidden"


@pytest.mark.parametrize(
    "chunks",
    [
        (say("a"), STOP, USAGE, DONE),
        (say("a"), chunk({}, "stop", usage={"prompt_tokens": 7, "completion_tokens": 11}), DONE),
        (
            chunk({"content": "a"}, usage={"prompt_tokens": 7, "completion_tokens": 1}),
            chunk({}, "stop", usage={"prompt_tokens": 7, "completion_tokens": 11}),
        ),
        (say("a"), STOP, USAGE.replace('"choices": []', '"choices": null'), DONE),
        (chunk({"content": "a"}, usage=None), STOP, USAGE, DONE),
    ],
)
def test_usage_is_found_wherever_it_stands(chunks: tuple[str, ...]) -> None:
    assert read(seen(*chunks)).tokens == Tokens(input=7, output=11, source="usage")


def test_without_usage_nothing_is_counted() -> None:
    assert read(seen(say("a"), say("b"), STOP, DONE)).tokens == Tokens()


def test_the_usage_chunk_does_not_extend_the_latency() -> None:
    reading = read(seen(say("a"), say("b"), STOP, USAGE, DONE))
    assert metrics(reading.timeline, reading.tokens).latency_ms == 20


def test_of_an_endless_answer_the_start_is_kept_and_all_is_counted() -> None:
    reading = read(seen(*[say("y" * 50_000)] * 40, STOP, DONE))
    assert reading.failure is None
    assert reading.text == "y" * KEPT
    assert sum(mark.chars for mark in reading.timeline.marks) == 2_000_000


def test_an_event_too_large_to_be_parsed_ends_the_stream() -> None:
    reading = read(seen(say("a"), say("y" * LARGEST_JSON), STOP, DONE))
    assert reading.failure is not None
    assert (reading.failure.status, reading.text) == ("protocol", "a")
    assert reading.failure.message == "event 2 is larger than 1 MiB"
