"""What an agent answers, whatever it leaves out."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.samples import CallStatus, Tokens, ToolCall
from measures.sse import Read
from measures.timeline import metrics
from runner_svc.exchange import Exchange
from runner_svc.failure import Failure
from runner_svc.providers import agent
from runner_svc.providers.dialect import KEPT, Question, Reading

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MS = 1_000_000


def read(body: object, status: int = 200, broke: Failure | None = None) -> Reading:
    text = body if isinstance(body, str) else json.dumps(body)
    seen = Exchange(
        http_status=status,
        reads=(Read(80 * MS, text.encode()),),
        head_ns=80 * MS,
        end_ns=90 * MS,
        broke=broke,
    )
    return agent.read(seen, NOW)


def test_it_is_asked_for_one_whole_answer() -> None:
    asked = agent.ask(
        Question(
            call_id=UUID(int=1),
            base_url="http://h/agents/ada/",
            key=None,
            model="ada",
            text="Report",
            max_tokens=1,
            temperature=0,
        )
    )
    assert asked.url == "http://h/agents/ada/api/chat"
    assert json.loads(asked.body) == {"message": "Report", "stream": False}


def test_a_full_answer_is_read_whole() -> None:
    reading = read(
        {
            "response": "Two nodes are down.",
            "execution_log": [
                {"id": "1", "type": "tool_use", "tool": "ssh", "input": {"host": "a"}},
                {"id": "2", "type": "tool_use", "tool": "grep"},
                {"id": "2", "type": "tool_result", "success": False, "duration_ms": 3},
                {"id": "1", "type": "tool_result", "success": True, "duration_ms": 12.5},
            ],
            "metadata": {
                "input_tokens": 5,
                "cache_creation_tokens": 20,
                "cache_read_tokens": 300,
                "output_tokens": 7,
                "context_window": 100_000,
            },
            "session": {"context_tokens": 4096, "context_window": 200_000, "model": "opus"},
        }
    )
    assert reading.failure is None
    assert reading.text == "Two nodes are down."
    assert reading.tokens == Tokens(
        input=325, output=7, cached_read=300, cache_write=20, source="usage"
    )
    assert reading.tool_calls == (
        ToolCall(tool="ssh", success=True, duration_ms=12.5),
        ToolCall(tool="grep", success=False, duration_ms=3),
    )
    assert (reading.context_used, reading.context_max) == (4096, 200_000)
    assert reading.response_model == "opus"
    found = metrics(reading.timeline, reading.tokens)
    assert (found.latency_ms, found.total_ms) == (90, 90)
    assert found.why_null["ttft_ms"] == found.why_null["tpot_ms"] == "not_streamed"


def test_without_a_session_the_context_is_that_of_the_metadata() -> None:
    reading = read({"response": "a", "metadata": {"input_tokens": 5, "context_window": 9}})
    assert (reading.context_used, reading.context_max) == (5, 9)


def test_without_a_response_the_answer_is_the_whole_body() -> None:
    assert read({"status": "fine"}).text == '{"status": "fine"}'


@pytest.mark.parametrize(
    ("reading", "status", "message"),
    [
        (read("<p>hello</p>"), "protocol", "the answer is no JSON object"),
        (read("[]"), "protocol", "the answer is no JSON object"),
        (read(""), "protocol", "the answer is no JSON object"),
        (read({"error": "no model"}), "stream_error", "the answer is an error: no model"),
        (
            read('{"resp', broke=Failure("stream_cut", "the stream broke off")),
            "stream_cut",
            "the answer broke off",
        ),
        (
            read("", broke=Failure("timeout_total", "not finished after 30 s")),
            "timeout_total",
            "not finished after 30 s",
        ),
        (read({"detail": "Agent not running"}, 503), "overloaded", "HTTP 503: Agent not running"),
    ],
)
def test_failures(reading: Reading, status: CallStatus, message: str) -> None:
    assert reading.failure is not None
    assert (reading.failure.status, reading.failure.message) == (status, message)
    assert metrics(reading.timeline, reading.tokens).latency_ms is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("response", "metadata", "session", "execution_log", "type", "tool", "id"),
                    *("tool_use", "input_tokens", "duration_ms", "success", "context_tokens"),
                ]
            ),
            inner | st.just("tool_use"),
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([200, 404, 429, 500]))
def test_an_answer_of_any_shape_is_read(body: Any, status: int) -> None:
    reading = read(body, status)
    metrics(reading.timeline, reading.tokens)
    assert reading.failure is not None or reading.text


def test_of_a_long_answer_the_start_is_kept_and_all_is_counted() -> None:
    reading = read({"response": "y" * 500_000})
    assert reading.text == "y" * KEPT
    assert [mark.chars for mark in reading.timeline.marks] == [500_000]


def test_an_answer_too_large_to_be_parsed_is_a_failure() -> None:
    failure = read({"response": "a", "log": "y" * agent.LARGEST_ANSWER}).failure
    assert failure == Failure("protocol", "the answer is larger than 4 MiB", http_status=200)
