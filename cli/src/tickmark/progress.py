"""What a start shows: a line per step, with what came of it and how long it took."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager


class Step:
    """What there is to say about a step once it is done."""

    detail = ""


@contextmanager
def step(name: str) -> Generator[Step]:
    """Prints `name  detail  seconds` when the block ends well, and `name  failed` otherwise.

    One that was told to stop in the middle is `interrupted`.
    """
    started, made = time.monotonic(), Step()
    try:
        yield made
    except (asyncio.CancelledError, KeyboardInterrupt):
        say(f"  {name:<14} interrupted")
        raise
    except BaseException:
        say(f"  {name:<14} failed")
        raise
    say(f"  {name:<14} {made.detail:<58} {time.monotonic() - started:6.2f} s")


def say(line: str = "") -> None:
    print(line, flush=True)
