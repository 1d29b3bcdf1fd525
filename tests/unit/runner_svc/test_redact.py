"""No secret survives in any text that leaves the runner."""

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner_svc import redact

KEY = "canary/+key=9"


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        quote(KEY, safe=""),
        quote(KEY),
        base64.b64encode(KEY.encode()).decode(),
        base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
    ],
)
@pytest.mark.parametrize("made", [redact.message, redact.answer, redact.word])
def test_this_calls_key_goes_in_every_form(
    form: str, made: Callable[[str, list[str]], str]
) -> None:
    left = made(f"before {form} after", [KEY])
    assert form.rstrip("=") not in left
    assert left.startswith("before [redacted]")
    assert left.endswith("after")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Incorrect API key provided: sk-ab***yz.", "Incorrect API key provided: [redacted]"),
        ("sk-ant-api03-abc_DEF", "[redacted]"),
        ("AIzaSyA1234567890", "[redacted]"),
        ("xai-abcdef123456 and gsk_abcdef123456", "[redacted] and [redacted]"),
        ("sent Authorization: Bearer abc.def-123", "sent Authorization: Bearer [redacted]"),
        ("Basic dXNlcjpwYXNz", "Basic [redacted]"),
        ("GET http://me:secret@host/v1", "GET http://[redacted]@host/v1"),
        ("https://h/x?key=abc123&alt=sse", "https://h/x?key=[redacted]&alt=sse"),
        ('{"api_key": "hush"}', '{"api_key": "[redacted]"}'),
        ("jwt eyJhbGciOi.eyJzdWIi.c2ln", "jwt [redacted]"),
        ("max_tokens must be at most 4096", "max_tokens must be at most 4096"),
        ("this task-sk and risk-free", "this task-sk and risk-free"),
    ],
)
def test_what_looks_like_a_secret_goes_from_messages(told: str, shown: str) -> None:
    assert redact.message(told, []) == shown


@pytest.mark.parametrize(
    "said", ["sorted(x, key=len)", "sk-learn", "Basic training", "a bearer token"]
)
def test_an_answer_keeps_its_words(said: str) -> None:
    assert redact.answer(said, []) == said


def test_an_answer_loses_whole_keys() -> None:
    assert redact.answer("use sk-proj-0123456789abcdef", []) == "use [redacted]"


@given(st.integers(440, 520), st.integers(0, 60))
def test_a_secret_at_the_cut_does_not_escape_by_it(before: int, after: int) -> None:
    left = redact.message("x" * before + KEY + "y" * after, [KEY])
    assert len(left) <= 500
    assert "canary" not in left


def test_a_long_answer_says_that_it_was_cut() -> None:
    assert redact.answer("a" * 10_000, []) == "a" * 10_000
    assert redact.answer("a" * 10_001, []) == "a" * 10_000 + "... (truncated)"


@pytest.mark.parametrize("hostile", ["-a" * 40_000, "key" * 30_000, "sk-" * 30_000, "://" * 20_000])
@pytest.mark.timeout(10)
def test_no_text_makes_it_slow(hostile: str) -> None:
    assert len(redact.message(hostile, [KEY])) <= 500
