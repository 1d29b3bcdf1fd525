"""Nothing was altered: what the tables say of each event is recomputed from its bytes.

Positions run from 1 to the head without gap; each row's columns, content hash and leaf hash follow
from its body and place; versions run from 1 in each stream and end where `streams` says; no id
occurs twice; every remembered key names its own events. Read in pages, so memory does not grow
with the log and no snapshot stays open; events appended meanwhile are left to the next audit.
"""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final, Literal, TypeAlias
from uuid import UUID

from asyncpg import Record

from contracts.ids import event_id
from eventlog.audit.body import agrees
from eventlog.postgres import PostgresLog
from eventlog.queries import load

SQL = load("eventlog")

PAGE: Final = 5000
IDS_AT_ONCE: Final = 100_000
_PLACE: Final = struct.Struct(">qi")

What: TypeAlias = Literal["row", "version", "columns", "hash", "time", "id", "commands"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first position where the log disagrees with itself, and in what."""

    position: int
    what: What
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of which log, up to which position; `first` is the first flaw, if there is one."""

    log_id: UUID
    to: int
    streams: int
    commands: int
    first: Flaw | None

    @property
    def good(self) -> bool:
        return self.first is None


async def verify(log: PostgresLog) -> Verdict:
    """Prove the log as it stands now. Raises what the pool does when it cannot be read."""
    head = await log.pool.fetchrow(SQL["verify_head"])
    assert head is not None, "a log has a head"
    to: int = head["position"]
    streams, versions = await _pages(log, "verify_streams", partial(_version_flaw, to))
    commands, keys = await _pages(log, "verify_commands", _command_flaw)
    flaws = [_head_flaw(head), await _events(log, to), await _ids(log, to), versions, keys]
    found = sorted((flaw for flaw in flaws if flaw), key=lambda flaw: flaw.position)
    return Verdict(head["log_id"], to, streams, commands, found[0] if found else None)


def _head_flaw(head: Record) -> Flaw | None:
    to, last = head["position"], head["last"]
    if last != to:
        return Flaw(min(to, last) + 1, "row", f"the head is at {to}, the last event at {last}")
    if not head["on_time"]:
        return Flaw(to, "time", "the head and its event were not recorded at one time")
    return None


async def _events(log: PostgresLog, to: int) -> Flaw | None:
    position, recorded = 0, b""
    while position < to:
        for row in await log.pool.fetch(SQL["verify_events"], position, to, PAGE) or [None]:
            position += 1
            if row is None or row["position"] != position:
                return Flaw(position, "row", "missing")
            if flaw := _event_flaw(row, recorded):
                return flaw
            recorded = row["recorded"]
    return None


def _event_flaw(row: Record, before: bytes) -> Flaw | None:
    position, version, recorded, content, leaf, in_streams, body, *columns = row
    if hashlib.sha256(body).digest() != content:
        return Flaw(position, "hash", "the body's hash is not the stored one")
    if hashlib.sha256(b"\0" + content + _PLACE.pack(position, version) + recorded).digest() != leaf:
        return Flaw(position, "hash", "the leaf does not follow from body, place and time")
    if not agrees(body, tuple(columns)):
        return Flaw(position, "columns", "a column says other than the body")
    if recorded < before:
        return Flaw(position, "time", "recorded before the event in front of it")
    if not in_streams:
        return Flaw(position, "version", "its stream is not among the streams")
    return None


async def _ids(log: PostgresLog, to: int) -> Flaw | None:
    ranges = 1 + to // IDS_AT_ONCE
    edges = [UUID(int=min(n * 2**128 // ranges, 2**128 - 1)) for n in range(ranges + 1)]
    twice = [
        row["position"]
        for low, high in pairwise(edges)
        for row in await log.pool.fetch(SQL["verify_ids"], low, high)
    ]
    return Flaw(min(twice), "id", "this event's id occurred before") if twice else None


async def _pages(
    log: PostgresLog, query: str, flaw_of: Callable[[Record], Flaw | None]
) -> tuple[int, Flaw | None]:
    """How many rows there are, and the flaw at the lowest position among them."""
    count, after, first = 0, "", None
    while rows := await log.pool.fetch(SQL[query], after, PAGE):
        count, after = count + len(rows), rows[-1]["name"]
        for flaw in filter(None, map(flaw_of, rows)):
            first = flaw if first is None or flaw.position < first.position else first
    return count, first


def _version_flaw(to: int, row: Record) -> Flaw | None:
    name, version, events, wrong = row
    if wrong is not None:
        return Flaw(wrong, "version", f"not the next version of {name}")
    if events < version:
        return Flaw(to, "version", f"{name} is at {version} and has {events} events")
    return None


def _command_flaw(row: Record) -> Flaw | None:
    name, first, count, sound, found, beyond = row
    if not sound:
        return Flaw(first, "commands", f"{name} does not name the events of one append")
    if event_id(name, 0) != found or (beyond and event_id(name, count) == beyond):
        return Flaw(first, "commands", f"{name} does not name its own events")
    return None
