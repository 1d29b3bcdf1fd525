"""Events are found whatever the reads look like."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.sse import Event, Read, events


def read(*parts: bytes) -> list[Event]:
    return list(events(Read(n, part) for n, part in enumerate(parts)))


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", ["a"]),
        (b"data: a\r\n\r\n", ["a"]),
        (b"data: a\r\r", ["a"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a\n\n", [" a"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b": comment\n\ndata: a\n\n: ping\n\n", ["a"]),
        (b"event: x\nid: 7\nretry: 5\nfoo: bar\ndata: a\n\n", ["a"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"\n\n\ndata: a\n\n\n\n", ["a"]),
        (b"data\n\n", [""]),
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"event: only\n\n", []),
        (b"", []),
    ],
)
def test_each_way_to_write_an_event_is_understood(stream: bytes, expected: list[str]) -> None:
    assert [event.data for event in read(stream)] == expected


def test_an_event_has_the_stamp_of_the_read_that_ended_it() -> None:
    assert read(b"data: a\n", b"\ndata: b", b"\n\n") == [Event(1, "a"), Event(2, "b")]


def test_a_line_feed_after_a_carriage_return_of_the_read_before_ends_nothing_more() -> None:
    assert read(b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n") == [Event(2, "a\nb")]


def test_an_empty_read_between_them_changes_nothing() -> None:
    assert read(b"data: a\r", b"", b"\n\r\n") == [Event(2, "a")]


def test_an_event_the_stream_ended_in_is_told_apart() -> None:
    assert read(b"data: a\n\ndata: b") == [Event(0, "a"), Event(0, "b", complete=False)]
    assert read(b"data: a\n") == [Event(0, "a")]


def test_a_character_cut_between_two_reads_is_whole() -> None:
    whole = "data: \u00e4\U0001f600\n\n".encode()
    for cut in range(len(whole)):
        assert [event.data for event in read(whole[:cut], whole[cut:])] == ["\u00e4\U0001f600"]


@given(
    st.lists(st.sampled_from([b"data: x\n", b"data:y\r\n", b"\n", b"\r\n", b"\r", b": c\n", b"z"])),
    st.data(),
)
def test_cutting_the_bytes_of_one_stamp_anywhere_changes_nothing(
    pieces: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    bounds = [0, *cuts, len(stream)]
    cut = [stream[a:b] for a, b in pairwise(bounds)]
    assert list(events([Read(3, part) for part in cut])) == list(events([Read(3, stream)]))
