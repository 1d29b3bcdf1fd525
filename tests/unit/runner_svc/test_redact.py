"""No secret survives in any text that leaves the runner."""

import base64
from collections.abc import Callable
from typing import Any
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


LONG = "sk-canary-7Qh2Zp9LmN4xT8vB/+"


@pytest.mark.parametrize(
    "form",
    FORMS := (
        LONG,
        quote(LONG, safe=""),
        base64.b64encode(LONG.encode()).decode().rstrip("="),
    ),
)
@pytest.mark.parametrize("made", [redact.message, redact.answer, redact.word])
def test_a_part_of_this_calls_key_goes_too(
    form: str, made: Callable[[str, list[str]], str]
) -> None:
    for part in (form[3:], form[:-5], form[4:12], form[9:20]):
        assert made(f"not {part}, no", [LONG]) == "not [redacted], no"
    assert made(f"not {form[5:12]}, no", [LONG]) == f"not {form[5:12]}, no"


def test_two_parts_of_a_key_that_stand_apart_both_go() -> None:
    told = f"a {LONG[3:12]} b {LONG[12:22]} c"
    assert redact.message(told, [LONG]) == "a [redacted] b [redacted] c"


@given(st.integers(9_900, 10_100), st.sampled_from(FORMS), st.integers(0, 3))
def test_a_secret_at_the_cut_of_a_flood_does_not_escape_by_it(
    before: int, form: str, times: int
) -> None:
    left = redact.answer("x" * before + form * times + "y" * 100_000, [LONG])
    assert left.endswith("... (truncated)")
    assert not any(form[at : at + 8] in left for at in range(len(form) - 7))


@pytest.mark.parametrize("piece", ["sk-0123456789abcdefghij ", f"{LONG} ", f"http://me:{LONG}@h "])
def test_where_blanks_shorten_a_flood_no_cut_secret_moves_up(piece: str) -> None:
    for shift in range(len(piece)):
        left = redact.answer("." * shift + piece * 2_000, [LONG])
        assert set(left.lstrip(".").removesuffix("... (truncated)").split()) <= {
            *("[redacted]", "http://[redacted]@h", "http://[redacted]@"),
            *("[redacted]"[:n] for n in range(10)),
            *("http://[redacted]@h"[:n] for n in range(19)),
        }


@pytest.mark.parametrize("made", [redact.message, redact.answer, redact.word])
def test_of_a_flood_the_patterns_see_what_is_kept_and_a_margin(
    made: Callable[[str, list[str]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, blanked = list[int](), redact._blanked  # pyright: ignore[reportPrivateUsage]

    def watched(text: str, *rest: Any) -> str:
        seen.append(len(text))
        return blanked(text, *rest)

    monkeypatch.setattr(redact, "_blanked", watched)
    made("y" * 2**22, [LONG])
    assert seen
    assert max(seen) <= 15_000
