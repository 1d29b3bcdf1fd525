"""`tickmark events tail`: the log as it is, one event per line."""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, TypeAlias, cast
from uuid import UUID

from eventlog.store import Log, Row, UnreadableEvent
from eventlog.tail import follow
from gateway.ring import frame_of
from tickmark.database import login
from tickmark.exits import OK
from tickmark.reading import add_source, opened

LAST = 20
PAGE = 1000
WIDTH = 160

Wanted: TypeAlias = Callable[[Row], bool]


def options(parser: argparse.ArgumentParser) -> None:
    tail = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "tail", help="print the newest events", description=__doc__
    )
    add_source(tail, login=login("audit"))
    tail.add_argument("--after", type=int, help=f"start behind this position (last {LAST} wanted)")
    tail.add_argument("--follow", "-f", action="store_true", help="wait for what comes")
    tail.add_argument("--json", action="store_true", help="one JSON object per line")
    tail.add_argument("--type", help="only events of this type, e.g. RunCompleted")
    tail.add_argument("--schedule", type=UUID, help="only this schedule's events and its runs'")
    tail.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> int:
    return asyncio.run(_tail(chosen))


async def _tail(chosen: argparse.Namespace) -> int:
    async with opened(chosen, "events tail") as log:
        head = await log.head()
        wanted = await _wanted(log, chosen.type, chosen.schedule)
        show = partial(_frame, head.log_id) if chosen.json else _line
        after = chosen.after
        if after is None:
            after = head.position
            for row in await _last(log, after, wanted):
                print(show(row), flush=chosen.follow)
        batches = follow(log, None, after) if chosen.follow else _pages(log, after)
        async for rows in batches:
            for row in filter(wanted, rows):
                print(show(row), flush=chosen.follow)
    return OK


async def _last(log: Log, to: int, wanted: Wanted) -> list[Row]:
    """The last rows up to this position that are wanted, oldest first."""
    found = list[Row]()
    while to > 0 and len(found) < LAST:
        after = max(0, to - PAGE)
        found = [*filter(wanted, await log.page(after, to - after)), *found]
        to = after
    return found[-LAST:]


async def _pages(log: Log, after: int) -> AsyncIterator[Sequence[Row]]:
    while rows := await log.page(after, PAGE):
        yield rows
        after = rows[-1].position


async def _wanted(log: Log, type_: str | None, schedule: UUID | None) -> Wanted:
    """A schedule's story is its stream, and whatever has the correlation of an event in it."""
    if schedule is None:
        return lambda row: type_ in (None, row.type)
    stream = f"schedule-{schedule}"
    stories = {row.correlation for row in await log.stream(stream)}

    def wanted(row: Row) -> bool:
        if row.stream == stream:
            stories.add(row.correlation)
        return row.correlation in stories and type_ in (None, row.type)

    return wanted


def _frame(log_id: UUID, row: Row) -> str:
    """As on the WebSocket."""
    _body(row)
    return frame_of(log_id, row).text


def _line(row: Row) -> str:
    data = json.dumps(_body(row).get("data"), ensure_ascii=False)
    text = f"{row.position:>8}  {row.recorded_at:%H:%M:%S.%f}  {row.type:<18} {row.stream}  {data}"
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _body(row: Row) -> dict[str, Any]:
    """Raises UnreadableEvent for what is no JSON object: then somebody altered it."""
    try:
        body: Any = json.loads(row.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise UnreadableEvent(f"position {row.position}: the body is no event")
    return cast("dict[str, Any]", body)
