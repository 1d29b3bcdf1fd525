"""`tickmark ps`: what `up` runs on a data directory, checked against the processes themselves."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chassis import clock
from tickmark.exits import OK
from tickmark.installation import DATA, Installation, Listed

TOLD: Final = ("restarting", "stopped")
"""States in which there is no process, and that is known."""


@dataclass(frozen=True)
class Shown:
    """One line of the answer: `state` is starting, running, restarting, stopped or dead."""

    service: str
    pid: int | None
    state: str
    restarts: int
    uptime_s: float | None


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DATA, help="data directory (%(default)s)")
    parser.add_argument("--json", action="store_true", help="a JSON array instead of a table")
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> int:
    shown = listed(Installation(chosen.data))
    print(json.dumps([vars(each) for each in shown], indent=1) if chosen.json else table(shown))
    return OK


def listed(installation: Installation) -> list[Shown]:
    """What runs, in the order of its start. Raises Refusal when nothing was ever started."""
    return [_shown(each) for each in installation.state().services]


def table(shown: list[Shown]) -> str:
    head = f"{'SERVICE':<16} {'PID':>8}  {'STATE':<11} {'RESTARTS':>8}  {'UP':>9}"
    return "\n".join([head, *(_line(each) for each in shown)])


def _shown(each: Listed) -> Shown:
    if not each.alive():
        gone = each.state if each.pid is None and each.state in TOLD else "dead"
        return Shown(each.service, None, gone, each.restarts, None)
    up = (clock.now() - each.since).total_seconds()
    return Shown(each.service, each.pid, each.state, each.restarts, round(up, 1))


def _line(each: Shown) -> str:
    up = "-" if each.uptime_s is None else f"{each.uptime_s:.0f} s"
    return f"{each.service:<16} {each.pid or '-':>8}  {each.state:<11} {each.restarts:>8}  {up:>9}"
