"""Names that are computed, never drawn: the same cause gives the same id on every replica."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

EVENTS = UUID("6f1d0c52-7b0e-5a43-9c35-2f6f1b6b1f10")
COMMANDS = UUID("b2a0c2c6-0f0b-5c0e-8f77-0f5a0c6a3e21")


def occurrence_id(schedule_id: UUID, nominal: datetime, kind: str = "clock") -> UUID:
    """The id of one nominal instant of a schedule; for a tick it is the run's id too.

    `kind` is `clock`, `backfill` or `after:<upstream run id>`. Neither the schedule's revision nor
    the firing time is in it, so an edit, a retry or a rival names the same occurrence.
    """
    return uuid5(schedule_id, f"{instant_text(nominal)}/{kind}")


def event_id(key: str, ordinal: int) -> UUID:
    """The id of the `ordinal`-th event (from 0) of the append with this idempotency key."""
    return uuid5(EVENTS, f"{key}/{ordinal}")


def command_id(owner: str, key: str) -> UUID:
    """The id of what an owner's command creates: a schedule, or a manual run."""
    return uuid5(COMMANDS, f"{owner}/{key}")


def instant_text(instant: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SS.ffffffZ`, always six digits."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def schedule_stream(schedule_id: UUID) -> str:
    return f"schedule-{schedule_id}"


def run_stream(run_id: UUID) -> str:
    return f"run-{run_id}"


def user_stream(user_id: UUID | str) -> str:
    return f"user-{user_id}"


def system_stream(name: str) -> str:
    return f"system-{name}"
