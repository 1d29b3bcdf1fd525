"""The tickmark command: run it on this machine, watch its log, prove what the log says."""

import argparse
import sys
from collections.abc import Callable
from typing import Final

from tickmark import audit, credentials, events, migrate, ps, up
from tickmark.exits import INTERRUPTED, Refusal

COMMANDS: Final[tuple[tuple[str, Callable[[argparse.ArgumentParser], None], str], ...]] = (
    ("up", up.options, "start everything on this machine and keep it running"),
    ("ps", ps.options, "list the processes that `up` runs"),
    ("migrate", migrate.options, "apply the migrations of the log and of every service"),
    ("secrets", credentials.options, "draw the passwords of a deployment, one file each"),
    ("events", events.options, "watch the log"),
    ("audit", audit.options, "prove what the log says"),
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code. 0: done, 2: wrong use, 3: could not finish."""
    chosen = _parser().parse_args(arguments)
    code = INTERRUPTED
    try:
        code = chosen.run(chosen)
    except* Refusal as refused:
        refusal = _first(refused)
        print(f"tickmark: {refusal}", file=sys.stderr)
        code = refusal.code
    except* (KeyboardInterrupt, BrokenPipeError):
        sys.stderr.close()
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tickmark", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, options, text in COMMANDS:
        options(commands.add_parser(name, help=text, description=text))
    return parser


def _first(group: BaseExceptionGroup[Refusal]) -> Refusal:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


if __name__ == "__main__":
    sys.exit(main())
