"""What happened to a run: the dispatcher writes its first event, the runner the rest."""

from typing import ClassVar, Literal, TypeAlias
from uuid import UUID

from contracts.actions import Resolved
from contracts.message import Instant, Message
from contracts.samples import Call

TriggeredBy: TypeAlias = Literal["schedule", "manual"]
SkipReason: TypeAlias = Literal["overlap", "disabled", "deleted", "unresolvable", "cancelled"]
Outcome: TypeAlias = Literal["succeeded", "partial", "failed", "timed_out"]


class Origin(Message):
    """Where a run comes from: the schedule as it was, and which instant or command asked."""

    schedule_id: UUID
    schedule_name: str
    schedule_version: int
    triggered_by: TriggeredBy
    nominal: Instant


class RunRequested(Message):
    """Admitted: every limit had room. Carries all the runner needs."""

    type: Literal["RunRequested"] = "RunRequested"
    schema_version: ClassVar[int] = 1
    run_id: UUID
    origin: Origin
    action: Resolved


class RunQueued(Message):
    """Waits for the limits named in `waits_for`, such as `user` or `schedule`."""

    type: Literal["RunQueued"] = "RunQueued"
    schema_version: ClassVar[int] = 1
    run_id: UUID
    origin: Origin
    waits_for: tuple[str, ...]


class RunSkipped(Message):
    """No run, or none any more: `reason` says why, `in_way` names the run that was in the way."""

    type: Literal["RunSkipped"] = "RunSkipped"
    schema_version: ClassVar[int] = 1
    run_id: UUID
    origin: Origin
    reason: SkipReason
    detail: str
    in_way: UUID | None = None


class RunCancelRequested(Message):
    """Somebody wants the run to end; the run's own decider makes sense of any order."""

    type: Literal["RunCancelRequested"] = "RunCancelRequested"
    schema_version: ClassVar[int] = 1
    run_id: UUID
    reason: str


class RunStarted(Message):
    """The claim: this runner instance executes this attempt."""

    type: Literal["RunStarted"] = "RunStarted"
    schema_version: ClassVar[int] = 1
    run_id: UUID
    attempt: int
    runner: str


class CallCompleted(Message):
    """One target's call of one attempt, with its sample."""

    type: Literal["CallCompleted"] = "CallCompleted"
    schema_version: ClassVar[int] = 1
    run_id: UUID
    attempt: int
    call: Call


class RunCompleted(Message):
    """The run ended by itself; `error` is redacted and names what failed first."""

    type: Literal["RunCompleted"] = "RunCompleted"
    schema_version: ClassVar[int] = 1
    run_id: UUID
    attempt: int
    outcome: Outcome
    error: str | None = None


class RunCancelled(Message):
    """The run was ended on request."""

    type: Literal["RunCancelled"] = "RunCancelled"
    schema_version: ClassVar[int] = 1
    run_id: UUID
    reason: str


class RunInterrupted(Message):
    """The runner of this attempt was lost or shut down; `owed` names the targets without a call.

    `final`: no attempt is left, so this is the run's end.
    """

    type: Literal["RunInterrupted"] = "RunInterrupted"
    schema_version: ClassVar[int] = 1
    run_id: UUID
    attempt: int
    runner: str
    reason: str
    owed: tuple[str, ...]
    final: bool


RunEvent: TypeAlias = (
    RunRequested
    | RunQueued
    | RunSkipped
    | RunCancelRequested
    | RunStarted
    | CallCompleted
    | RunCompleted
    | RunCancelled
    | RunInterrupted
)
