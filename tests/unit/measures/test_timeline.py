"""Metrics by their definitions, and a reason wherever there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.samples import Tokens
from measures.timeline import Kind, Mark, Timeline, buffered, metrics

MS = 1_000_000


def timeline(*marks: tuple[int, Kind], **more: object) -> Timeline:
    return Timeline(
        marks=tuple(Mark(ms * MS, kind, 4) for ms, kind in marks),
        **{"head_ns": 5 * MS, "end_ns": 900 * MS, "connect_ns": 2 * MS, **more},  # pyright: ignore[reportArgumentType]
    )


ANSWER: list[tuple[int, Kind]] = [(100 + 50 * n, "answer") for n in range(5)]


def counted(output: int | None, reasoning: int | None = None) -> Tokens:
    return Tokens(input=3, output=output, reasoning=reasoning, source="usage")


def test_a_streamed_answer_has_every_metric() -> None:
    found = metrics(timeline(*ANSWER), counted(11))
    assert (found.ttft_ms, found.tto_ms) == (100, 100)
    assert (found.latency_ms, found.total_ms, found.connect_ms) == (300, 900, 2)
    assert (found.tpot_ms, found.speed) == (20, 50)
    assert found.why_null == {}


def test_reasoning_counts_for_ttft_and_not_for_tto() -> None:
    found = metrics(timeline((40, "reasoning"), (60, "reasoning"), (80, "answer")), counted(3, 2))
    assert (found.ttft_ms, found.tto_ms, found.tpot_ms) == (40, 80, 20)


def test_a_tool_call_is_output() -> None:
    assert metrics(timeline((40, "reasoning"), (70, "tool")), counted(9)).tto_ms == 70


def test_reasoning_alone_has_no_first_answer_token() -> None:
    found = metrics(timeline((40, "reasoning"), (60, "reasoning")), counted(2, 2))
    assert found.tto_ms is None
    assert found.why_null == {"tto_ms": "only_reasoning"}


@pytest.mark.parametrize("visibility", ["summary", "hidden"])
def test_reasoning_that_is_not_streamed_leaves_the_pace_to_the_answer(visibility: str) -> None:
    marks: list[tuple[int, Kind]] = [(40, "reasoning"), (100, "answer"), (200, "answer")]
    found = metrics(timeline(*marks, visibility=visibility), counted(1011, 1000))
    assert found.tpot_ms == 10
    unknown = metrics(timeline(*marks, visibility=visibility), counted(1011))
    assert unknown.why_null == {"tpot_ms": "tokens_unknown", "speed": "tokens_unknown"}


@pytest.mark.parametrize(
    ("seen", "tokens", "reason"),
    [
        (timeline(*ANSWER), Tokens(), "tokens_unknown"),
        (timeline(*ANSWER), counted(1), "too_few_tokens"),
        (timeline((100, "answer"), (100, "answer")), counted(9), "buffered"),
        (timeline((850, "answer"), (900, "answer")), counted(51), "buffered"),
        (
            timeline((40, "reasoning"), (900, "answer"), visibility="summary"),
            counted(30, 20),
            "buffered",
        ),
        (timeline(), counted(9), "no_output"),
        (timeline(head_ns=None), Tokens(), "not_reached"),
        (timeline((900, "answer"), streamed=False), counted(9), "not_streamed"),
    ],
)
def test_a_pace_that_cannot_be_told_has_a_reason(
    seen: Timeline, tokens: Tokens, reason: str
) -> None:
    found = metrics(seen, tokens)
    assert (found.tpot_ms, found.speed) == (None, None)
    assert found.why_null["tpot_ms"] == found.why_null["speed"] == reason


def test_an_answer_that_is_not_streamed_has_latency_and_total_alone() -> None:
    found = metrics(timeline((900, "answer"), streamed=False), counted(9))
    assert (found.latency_ms, found.total_ms) == (900, 900)
    assert found.why_null["ttft_ms"] == found.why_null["tto_ms"] == "not_streamed"


def test_a_call_that_never_connected_has_no_duration_at_all() -> None:
    found = metrics(Timeline(), Tokens())
    assert set(found.why_null.values()) == {"not_reached"}
    assert set(found.why_null) == {
        *("ttft_ms", "tto_ms", "latency_ms", "total_ms", "tpot_ms", "speed", "connect_ms")
    }


def held(reads: int, events: int, at: int = 800, gap: int = 5) -> Timeline:
    marks: list[tuple[int, Kind]] = [
        (at + gap * (n * reads // events), "answer") for n in range(events)
    ]
    return timeline(*marks)


@pytest.mark.parametrize(
    ("seen", "tokens", "expected"),
    [
        (held(reads=1, events=40), 40, True),
        (held(reads=2, events=40), 40, True),
        (held(reads=20, events=40, at=100), 40, False),
        (held(reads=40, events=40, at=100, gap=20), 160, False),
        (held(reads=4, events=4), 60, True),
        (held(reads=4, events=4), 40, False),
        (held(reads=1, events=4), None, True),
    ],
)
def test_what_was_held_back_on_the_way_is_noticed(
    seen: Timeline, tokens: int | None, expected: bool
) -> None:
    assert buffered(seen, tokens) is expected


@given(
    st.lists(
        st.tuples(st.integers(0, 10**12), st.sampled_from(["reasoning", "answer", "tool"])),
        max_size=12,
    ),
    st.none() | st.integers(0, 10**6),
    st.none() | st.integers(0, 10**6),
    st.sampled_from(["raw", "summary", "hidden"]),
    st.booleans(),
)
def test_each_metric_is_known_or_has_a_reason_and_none_is_infinite(
    marks: list[tuple[int, str]],
    output: int | None,
    reasoning: int | None,
    visibility: str,
    streamed: bool,
) -> None:
    ordered = tuple(Mark(at, kind, 1) for at, kind in sorted(marks))  # pyright: ignore[reportArgumentType]
    seen = Timeline(
        marks=ordered,
        head_ns=0,
        streamed=streamed,
        visibility=visibility,  # pyright: ignore[reportArgumentType]
    )
    found = metrics(seen, Tokens(output=output, reasoning=reasoning, source="usage"))
    values = found.model_dump(exclude={"why_null", "metrics_version"})
    assert {name for name, value in values.items() if value is None} == set(found.why_null)
    assert all(value is None or 0 <= value < float("inf") for value in values.values())
    assert found.speed != 0
