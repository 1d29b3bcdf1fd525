"""`tickmark audit`: prove what the log says. Exit code 0 means proven; each audit has its own for
not proven, and 3 means that it could not be finished."""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from pydantic import TypeAdapter

from eventlog.audit.outcome import outcome
from eventlog.audit.redecide import NotInstalled, OutOfReach, load_process, redecide
from eventlog.audit.verify import verify
from eventlog.postgres import PostgresLog
from tickmark.database import login
from tickmark.exits import OK
from tickmark.reading import add_source, opened


class Verdict(Protocol):
    """What an audit found: a dataclass; its fields are what is printed."""

    @property
    def good(self) -> bool: ...


@dataclass(frozen=True)
class Audit:
    """What it proves, how, and the exit code when that does not hold."""

    proves: str
    run: Callable[[PostgresLog, argparse.Namespace], Awaitable[Verdict]]
    code: int


async def _verify(log: PostgresLog, _chosen: argparse.Namespace) -> Verdict:
    return await verify(log)


async def _redecide(log: PostgresLog, _chosen: argparse.Namespace) -> Verdict:
    return await redecide(log, load_process("dispatcher"))


async def _outcome(log: PostgresLog, chosen: argparse.Namespace) -> Verdict:
    return await outcome(log, schedule=chosen.schedule)


AUDITS: Final[Mapping[str, Audit]] = {
    "verify": Audit("nothing was altered: positions, versions, columns, hashes", _verify, 10),
    "redecide": Audit("the same log gives the same decisions", _redecide, 11),
    "outcome": Audit("every occurrence and every run has exactly one answer", _outcome, 13),
}


def options(parser: argparse.ArgumentParser) -> None:
    audits = parser.add_subparsers(required=True, metavar="AUDIT", dest="audit")
    for name, audit in AUDITS.items():
        text = f"{audit.proves}; {audit.code} if not"
        one = audits.add_parser(name, help=text, description=f"Exit code 0: {text}.")
        add_source(one, login=login("audit"))
        one.add_argument("--json", action="store_true", help="the verdict as one JSON object")
        if name == "outcome":
            one.add_argument("--schedule", type=UUID, help="only this schedule")
        one.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> int:
    return asyncio.run(_audit(chosen))


async def _audit(chosen: argparse.Namespace) -> int:
    audit, began = AUDITS[chosen.audit], time.monotonic()
    async with opened(chosen, f"audit {chosen.audit}", NotInstalled, OutOfReach) as log:
        verdict = await audit.run(log, chosen)
    found = {"good": verdict.good, **_fields(verdict)}
    print(json.dumps(found) if chosen.json else _summary(chosen.audit, audit, found, began))
    return OK if verdict.good else audit.code


def _fields(verdict: Verdict) -> dict[str, Any]:
    kind: TypeAdapter[Verdict] = TypeAdapter(type(verdict))
    return kind.dump_python(verdict, mode="json")


def _summary(name: str, audit: Audit, found: dict[str, Any], began: float) -> str:
    head = f"audit {name}: {audit.proves}" if found["good"] else f"audit {name}: NOT PROVEN"
    lines = [f"  {field:<12} {_shown(value)}" for field, value in found.items() if field != "good"]
    return "\n".join([head, *lines, f"  {'took':<12} {time.monotonic() - began:.2f} s"])


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case int():
            return f"{value:,}"
        case str():
            return value
        case _:
            return json.dumps(value)
