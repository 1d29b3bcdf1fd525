"""The tickmark command: run it on this machine, watch its log, prove what the log says."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from tickmark.exits import INTERRUPTED, Refusal

COMMANDS: Final = {
    "up": ("tickmark.up", "start everything on this machine and keep it running"),
    "ps": ("tickmark.ps", "list the processes that `up` runs"),
    "events": ("tickmark.events", "watch the log"),
    "audit": ("tickmark.audit", "prove what the log says"),
    "migrate": ("tickmark.migrate", "apply the migrations of the log and of every service"),
    "secrets": ("tickmark.credentials", "draw the passwords of a deployment, one file each"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. 0: done, 2: wrong use, 3: could not finish."""
    arguments = sys.argv[1:] if arguments is None else arguments
    code = INTERRUPTED
    try:
        chosen = _parser(next(iter(arguments), "")).parse_args(arguments)
        code = chosen.run(chosen)
    except* Refusal as refused:
        refusal = _first(refused)
        print(f"tickmark: {refusal}", file=sys.stderr)
        code = refusal.code
    except* (KeyboardInterrupt, BrokenPipeError):
        sys.stderr.close()
    return code


def _parser(asked: str) -> argparse.ArgumentParser:
    """Only the command that is asked for is imported: `ps` needs no database driver."""
    parser = argparse.ArgumentParser(prog="tickmark", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if name == asked:
            import_module(module).options(command)
    return parser


def _first(group: BaseExceptionGroup[Refusal]) -> Refusal:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


if __name__ == "__main__":
    sys.exit(main())
