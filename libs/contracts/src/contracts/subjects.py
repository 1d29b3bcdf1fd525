"""NATS subjects, built here and nowhere else. Tokens are uuids or fixed words."""

from typing import Final

EVENTS: Final = "evt.>"
LIVE: Final = "live.evt.>"
POKE: Final = "poke.log"
STREAM: Final = "EVT"


def event_subject(stream: str, type_: str) -> str:
    """`evt.<category>.<id>.<Type>` of an event in stream `<category>-<id>`."""
    category, _, name = stream.partition("-")
    return f"evt.{category}.{name}.{type_}"


def event_filter(category: str, type_: str) -> str:
    """All events of one type, whatever their stream's id."""
    return f"evt.{category}.*.{type_}"


def live_filter(category: str, type_: str) -> str:
    """The same events, as JetStream republishes them to whoever listens."""
    return f"live.{event_filter(category, type_)}"


def command_subject(category: str, verb: str) -> str:
    """Where a service answers one of its commands: `cmd.schedule.Create`."""
    return f"cmd.{category}.{verb}"
