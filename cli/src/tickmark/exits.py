"""How a command ends: its exit codes, and the refusals that stop it with one line."""

from typing import Final

OK: Final = 0
USAGE: Final = 2
UNFINISHED: Final = 3
INTERRUPTED: Final = 130


class Refusal(Exception):
    """The command cannot do it; the message is the one line people read."""

    code = UNFINISHED


class Misused(Refusal):
    """Asked for in a way that cannot work; another call may."""

    code = USAGE
