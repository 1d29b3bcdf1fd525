"""When text arrived, and what follows from it: ttft, tto, latency, total, tpot, speed.

Stamps are ns after the first request byte, metrics are ms. A metric that has no value has a reason
instead, never a zero.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from contracts.samples import Metrics, Tokens

Kind: TypeAlias = Literal["reasoning", "answer", "tool"]
Visibility: TypeAlias = Literal["raw", "summary", "hidden"]
Reason: TypeAlias = Literal[
    "not_streamed",
    "no_output",
    "only_reasoning",
    "too_few_tokens",
    "tokens_unknown",
    "buffered",
    "not_reached",
]
Value: TypeAlias = float | Reason

METRICS_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """An event with generated text of one kind."""

    at_ns: int
    kind: Kind
    chars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One call as it was seen. None: that moment was not reached.

    `visibility` says what of the reasoning is streamed: every token (or there is none), a summary,
    or nothing. An answer that is not streamed has one mark, at its end.
    """

    marks: tuple[Mark, ...] = ()
    head_ns: int | None = None
    end_ns: int | None = None
    connect_ns: int | None = None
    streamed: bool = True
    visibility: Visibility = "raw"


def metrics(timeline: Timeline, tokens: Tokens) -> Metrics:
    """All metrics of one call; `why_null` has a reason for each one that is null."""
    tpot = _tpot(timeline, tokens)
    values: dict[str, Value] = {
        "ttft_ms": _streamed(timeline, _first(timeline)),
        "tto_ms": _streamed(timeline, _first_output(timeline)),
        "latency_ms": _last(timeline),
        "total_ms": _total(timeline),
        "tpot_ms": tpot,
        "speed": tpot if isinstance(tpot, str) else 1000 / tpot,
        "connect_ms": _ms(timeline.connect_ns),
    }
    known = {name: value for name, value in values.items() if not isinstance(value, str)}
    why = {name: value for name, value in values.items() if isinstance(value, str)}
    return Metrics(**known, why_null=why, metrics_version=METRICS_VERSION)


def buffered(timeline: Timeline, streamed_tokens: int | None) -> bool:
    """Whether something on the way held the stream back, so that its pace is not the model's.

    Judged from 8 events or 50 tokens on; below, only text that came all at once is.
    """
    first, last = timeline.marks[0].at_ns, timeline.marks[-1].at_ns
    many = streamed_tokens is not None and streamed_tokens > 50
    if len(timeline.marks) < 8 and not many:
        return first == last
    at_once = last - first < 0.1 * last and _share_of_two_reads(timeline.marks) >= 0.5
    return at_once or (many and first > 0.9 * last)


def _share_of_two_reads(marks: tuple[Mark, ...]) -> float:
    """The share of the characters that the two largest reads brought."""
    by_read = Counter[int]()
    for mark in marks:
        by_read[mark.at_ns] += mark.chars
    return sum(chars for _, chars in by_read.most_common(2)) / max(1, by_read.total())


def _tpot(timeline: Timeline, tokens: Tokens) -> Value:
    """ms per token after the first, over the tokens that were streamed."""
    if not timeline.streamed or not timeline.marks:
        return _streamed(timeline, _first(timeline))
    start, count = timeline.marks[0].at_ns, tokens.output
    if timeline.visibility != "raw":
        output = [mark.at_ns for mark in timeline.marks if mark.kind != "reasoning"]
        if not output:
            return "only_reasoning"
        start, count = output[0], _without_reasoning(tokens)
    if count is None:
        return "tokens_unknown"
    if count < 2:
        return "too_few_tokens"
    span = timeline.marks[-1].at_ns - start
    if span <= 0 or buffered(timeline, count):
        return "buffered"
    return span / 1e6 / (count - 1)


def _without_reasoning(tokens: Tokens) -> int | None:
    if tokens.output is None or tokens.reasoning is None:
        return None
    return tokens.output - tokens.reasoning


def _first(timeline: Timeline) -> Value:
    return _ms(timeline.marks[0].at_ns) if timeline.marks else _silence(timeline)


def _first_output(timeline: Timeline) -> Value:
    for mark in timeline.marks:
        if mark.kind != "reasoning":
            return _ms(mark.at_ns)
    return "only_reasoning" if timeline.marks else _silence(timeline)


def _last(timeline: Timeline) -> Value:
    return _ms(timeline.marks[-1].at_ns) if timeline.marks else _silence(timeline)


def _total(timeline: Timeline) -> Value:
    return _ms(timeline.end_ns if timeline.head_ns is not None else None)


def _streamed(timeline: Timeline, value: Value) -> Value:
    return value if timeline.streamed else "not_streamed"


def _silence(timeline: Timeline) -> Reason:
    return "not_reached" if timeline.head_ns is None else "no_output"


def _ms(ns: int | None) -> Value:
    return "not_reached" if ns is None else ns / 1e6
