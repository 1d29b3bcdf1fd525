"""However a stream is cut, and whatever is in it, it is read; where it was cut does not matter."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from measures.sse import Read
from measures.timeline import metrics
from openai_streams import DONE, ERROR, MS, ROLE, STOP, USAGE, read, say, seen, think

STREAM = "\n\n".join((ROLE, think("hm"), say("Zażółć "), say("\U0001f600"), STOP, USAGE, DONE, ""))


@settings(max_examples=300)
@given(st.data())
def test_cutting_the_bytes_of_one_stamp_anywhere_gives_the_same_record(data: st.DataObject) -> None:
    stream = STREAM.encode()
    bounds = sorted({0, len(stream), *data.draw(st.lists(st.integers(0, len(stream)), max_size=6))})
    groups = [stream[a:b] for a, b in pairwise(bounds)]
    whole = [Read(n * MS, group) for n, group in enumerate(groups)]
    inside = [
        Read(each.at_ns, each.data[a:b])
        for each in whole
        for a, b in pairwise(
            sorted({0, len(each.data), *data.draw(st.sets(st.integers(0, len(each.data))))})
        )
    ]
    assert read(seen(reads=tuple(inside))) == read(seen(reads=tuple(whole)))


def test_merging_reads_changes_only_the_stamps() -> None:
    whole = read(seen(reads=(Read(9 * MS, STREAM.encode()),)))
    single = read(seen(*STREAM.split("\n\n")[:-1]))
    assert (whole.text, whole.tokens, whole.answered) == (single.text, single.tokens, "ok")
    assert {mark.at_ns for mark in whole.timeline.marks} == {9 * MS}


PIECES = st.sampled_from(
    (
        *(ROLE, say("a"), think("b"), STOP, USAGE, DONE, ERROR, "data: null", "data: [", ": c"),
        *('data: {"choices": [7]}', 'data: {"choices": {}}', 'data: {"choices": [{"delta": []}]}'),
        *('data: {"usage": []}', 'data: {"model": 7, "error": []}', "event: e", "\x00\xff"),
        'data: {"choices": [{"delta": {"tool_calls": [null, {}, 7]}}]}',
        'data: {"choices": [{"finish_reason": {}}]}',
    )
)


@given(st.lists(PIECES, max_size=8), st.sampled_from([200, 204, 302, 400, 429, 500, 529]))
def test_whatever_a_server_sends_is_read(pieces: list[str], status: int) -> None:
    reading = read(seen(*pieces, status=status))
    found = metrics(reading.timeline, reading.tokens)
    assert found.metrics_version == 1
    if status >= 300:
        assert reading.failure is not None


@given(st.binary(max_size=200), st.sampled_from(["text/event-stream", "application/json", ""]))
def test_any_bytes_are_read(body: bytes, kind: str) -> None:
    headers = {"content-type": kind}
    for status in (200, 400):
        read(seen(reads=(Read(1, body),), headers=headers, status=status))
