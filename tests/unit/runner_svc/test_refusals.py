"""Each refusal over HTTP has one status, and keeps the provider's own words and code."""

import json
from datetime import UTC, datetime

import pytest

from contracts.samples import CallStatus
from measures.sse import Read
from runner_svc.exchange import Exchange
from runner_svc.failure import Failure
from runner_svc.providers.refusals import refused

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def answered(status: int, body: object = "", **headers: str) -> Failure:
    text = body if isinstance(body, str) else json.dumps(body)
    reads = (Read(1, text.encode()),)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    failure = refused(Exchange(http_status=status, headers=named, reads=reads), NOW)
    assert failure is not None
    return failure


def coded(code: str) -> dict[str, object]:
    return {"error": {"message": "no", "type": "insufficient_quota", "code": code}}


@pytest.mark.parametrize(
    ("http_status", "body", "status"),
    [
        (400, "", "bad_request"),
        (400, coded("content_filter"), "content_filter"),
        (400, coded("context_length_exceeded"), "bad_request"),
        (401, coded("invalid_api_key"), "auth"),
        (402, "", "quota"),
        (403, "", "auth"),
        (403, {"error": {"message": "flagged", "metadata": {"reasons": ["x"]}}}, "content_filter"),
        (404, "", "not_found"),
        (405, "", "bad_request"),
        (408, "", "server_error"),
        (409, "", "server_error"),
        (410, "", "not_found"),
        (413, "", "bad_request"),
        (422, "", "bad_request"),
        (425, "", "server_error"),
        (429, "", "rate_limited"),
        (429, coded("rate_limit_exceeded"), "rate_limited"),
        (429, coded("insufficient_quota"), "quota"),
        (429, coded("credit_balance_exhausted"), "quota"),
        (429, coded("project_spend_limit_exceeded"), "quota"),
        (429, {"error": {"type": "insufficient_quota"}}, "quota"),
        (498, "", "overloaded"),
        (500, "", "server_error"),
        (503, "", "overloaded"),
        (503, coded("slow_down"), "overloaded"),
        (504, "", "server_error"),
        (529, "", "overloaded"),
        (302, "", "protocol"),
        (600, "", "protocol"),
    ],
)
def test_the_status_of_a_refusal(http_status: int, body: object, status: CallStatus) -> None:
    failure = answered(http_status, body)
    assert (failure.status, failure.http_status) == (status, http_status)


@pytest.mark.parametrize(
    ("body", "words", "code"),
    [
        ({"error": {"message": "wrong key", "code": "bad"}}, "HTTP 401: wrong key", "bad"),
        ({"error": {"message": "wrong key", "type": "auth"}}, "HTTP 401: wrong key", "auth"),
        ({"error": {"message": "wrong key", "code": 401}}, "HTTP 401: wrong key", "401"),
        ({"error": "wrong key"}, "HTTP 401: wrong key", None),
        ({"detail": "wrong key"}, "HTTP 401: wrong key", None),
        ({"detail": {"error": "busy"}}, "HTTP 401: busy", None),
        ({"detail": [{"loc": ["body"]}]}, 'HTTP 401: [{"loc": ["body"]}]', None),
        ("<h1>Nope</h1>", "HTTP 401: <h1>Nope</h1>", None),
        ("", "HTTP 401: no reason given", None),
        ("[1]", "HTTP 401: [1]", None),
    ],
)
def test_the_words_of_a_refusal(body: object, words: str, code: str | None) -> None:
    failure = answered(401, body)
    assert (failure.message, failure.code) == (words, code)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "0"}, 0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30),
        ({"retry_after": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert answered(429, "", **headers).retry_after_s == seconds


def test_an_agent_tells_how_long_to_wait_in_its_body() -> None:
    failure = answered(429, {"detail": {"message": "busy", "retry_after": 4}})
    assert (failure.message, failure.retry_after_s) == ("HTTP 429: busy", 4)


def test_an_answer_is_no_refusal() -> None:
    assert refused(Exchange(http_status=200), NOW) is None


def test_what_broke_before_an_answer_is_the_failure() -> None:
    broke = Failure("conn_refused", "nobody there")
    assert refused(Exchange(broke=broke), NOW) is broke
