"""The ring, where a token leads, and what a client's outbox holds."""

import asyncio
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.store import Head
from gateway.hub import Hub, Outbox
from gateway.resume import Reset, Token, parse, resumed
from gateway.ring import Frame, Gap, Ring
from gateway.settings import Gateway

LOG = UUID(int=1)
OWNERS = ["ann", "bob", None]


def filled(owners: list[str | None], frames: int, size: int = 10_000, after: int = 0) -> Ring:
    ring = Ring(after, frames, size)
    for n, owner in enumerate(owners, after + 1):
        ring.add(Frame(n, owner, f"{n:04}"))
    return ring


@given(
    owners=st.lists(st.sampled_from(OWNERS), max_size=40),
    frames=st.integers(1, 10),
    size=st.integers(4, 60),
    after=st.integers(0, 5),
    position=st.integers(0, 50),
)
def test_what_the_ring_holds_is_all_of_an_owners_in_order(
    owners: list[str | None], frames: int, size: int, after: int, position: int
) -> None:
    ring = filled(owners, frames, size, after)
    assert ring.last == after + len(owners)
    assert ring.last - ring.first < min(frames, size // 4)
    if ring.holds(position):
        everything = [n for n, owner in enumerate(owners, after + 1) if owner == "ann"]
        found = [frame.position for frame in ring.after(position, "ann")]
        assert found == [n for n in everything if n > position]


def test_what_fell_out_is_not_pretended_to_be_there() -> None:
    ring = filled(["ann"] * 5, frames=3)
    assert (ring.first, ring.last) == (3, 5)
    assert [ring.holds(position) for position in range(6)] == [False, False, True, True, True, True]


def test_a_gap_is_loud() -> None:
    ring = filled(["ann"], frames=3)
    for position in (1, 3):
        with pytest.raises(Gap):
            ring.add(Frame(position, "ann", ""))


def test_a_frame_larger_than_the_ring_leaves_an_empty_one() -> None:
    ring = filled(["ann", "bob"], frames=5, size=3)
    assert not ring.holds(1)
    assert ring.holds(2)
    assert ring.after(2, "ann") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "5",
        f"{LOG}",
        f"{LOG}:",
        f"{LOG}:-1",
        f"{LOG}:1e3",
        f"{LOG}:٣",
        "x:1",
        f"{LOG}:{'9' * 19}",
    ],
)
def test_what_is_no_token_is_none(text: str) -> None:
    assert parse(text) is None
    assert resumed(text, Token(LOG, 10), 100) == Reset("malformed")


def test_a_token_is_read_as_it_is_written() -> None:
    assert parse(str(Token(LOG, 42))) == Token(LOG, 42)


@pytest.mark.parametrize(
    ("token", "leads"),
    [
        (Token(LOG, 10), Token(LOG, 10)),
        (Token(LOG, 5), Token(LOG, 5)),
        (Token(LOG, 11), Reset("beyond_head")),
        (Token(LOG, 4), Reset("too_old")),
        (Token(UUID(int=2), 5), Reset("other_log")),
        (Token(UUID(int=2), 99), Reset("other_log")),
    ],
)
def test_a_token_leads_on_or_to_a_reset(token: Token, leads: Token | Reset) -> None:
    assert resumed(str(token), Token(LOG, 10), 5) == leads


def test_an_outbox_takes_nothing_that_was_seen() -> None:
    outbox = Outbox("ann", 100)
    outbox.start(after=2)
    for frame in (Frame(2, "ann", "old"), Frame(3, "ann", "new")):
        outbox.offer(frame)
    assert asyncio.run(_taken(outbox)) == ["new"]


def test_an_outbox_is_full_for_good() -> None:
    outbox = Outbox("ann", 5)
    outbox.start(0)
    for n in (1, 2, 3):
        outbox.offer(Frame(n, "ann", "abc"))
    assert outbox.full.is_set()
    assert asyncio.run(_taken(outbox)) == ["abc", "abc"]


async def _taken(outbox: Outbox) -> list[str]:
    found = list[str]()
    while (frame := await outbox.take(0.01)) is not None:
        found.append(frame.text)
    return found


def test_sockets_are_counted_by_user_and_given_back() -> None:
    hub = Hub(Head(LOG, 0), Gateway.model_validate({"token_secret": "x" * 32}))
    assert [hub.arrive("ann", 2) for _ in range(3)] == [True, True, False]
    assert hub.arrive("bob", 2)
    hub.depart("ann")
    assert hub.arrive("ann", 2)
