"""The table of one run: who may claim it, what counts, how it ends."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.actions import Resolved, Target
from contracts.events.run import (
    CallCompleted,
    Origin,
    RunCancelled,
    RunCancelRequested,
    RunCompleted,
    RunEvent,
    RunInterrupted,
    RunQueued,
    RunRequested,
    RunSkipped,
    RunStarted,
)
from contracts.samples import Call, CallError, CallStatus
from eventlog.decider import replay
from runner_svc import run
from runner_svc.run import (
    CancelRun,
    Command,
    CompleteRun,
    InterruptRun,
    NotThisAttempt,
    RecordCall,
    StartRun,
    call_id,
)

RUN = UUID(int=7)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAST, SLOW = Target(provider="sim", model="fast"), Target(provider="sim", model="slow")
ACTION = Resolved(
    kind="benchmark",
    text="Explain recursion",
    targets=(FAST, SLOW),
    max_tokens=64,
    temperature=0.7,
    timeout_seconds=120,
)
ORIGIN = Origin(
    schedule_id=UUID(int=1),
    schedule_name="Every morning",
    schedule_version=3,
    triggered_by="schedule",
    nominal=NOON,
)
REQUESTED = RunRequested(run_id=RUN, origin=ORIGIN, action=ACTION)
QUEUED = RunQueued(run_id=RUN, origin=ORIGIN, waits_for=("user",))
WANTED = RunCancelRequested(run_id=RUN, reason="by its owner")


def started(runner: str = "ada", attempt: int = 1) -> RunStarted:
    return RunStarted(run_id=RUN, attempt=attempt, runner=runner)


def called(target: Target, status: CallStatus = "ok", error: str | None = None) -> Call:
    return Call(
        call_id=call_id(RUN, 1, target),
        target=target,
        status=status,
        started_at=NOON,
        error=CallError(message=error) if error else None,
    )


def recorded(target: Target, status: CallStatus = "ok", error: str | None = None) -> CallCompleted:
    return CallCompleted(run_id=RUN, attempt=1, call=called(target, status, error))


def completed(outcome: str, error: str | None = None) -> RunCompleted:
    return RunCompleted.model_validate(
        {"run_id": RUN, "attempt": 1, "outcome": outcome, "error": error}
    )


def interrupted(*owed: str, final: bool = True) -> RunInterrupted:
    return RunInterrupted(
        run_id=RUN, attempt=1, runner="ada", reason="lost", owed=owed, final=final
    )


CANCELLED = RunCancelled(run_id=RUN, reason="by its owner")
RUNNING: list[RunEvent] = [REQUESTED, started()]
START, COMPLETE = StartRun("ada"), CompleteRun("ada", 1)
RECORD = RecordCall("ada", 1, called(FAST))
INTERRUPT = InterruptRun("ada", 1, "lost")
BOTH = [recorded(FAST), recorded(SLOW)]

TABLE: dict[str, tuple[list[RunEvent], Command, list[RunEvent]]] = {
    "a requested run is claimed": ([REQUESTED], START, [started()]),
    "a run that waited is claimed": ([QUEUED, REQUESTED], START, [started()]),
    "nothing that was not requested starts": ([], START, []),
    "nothing that still waits starts": ([QUEUED], START, []),
    "a redelivery starts nothing": (RUNNING, START, []),
    "a rival starts nothing": (RUNNING, StartRun("bob"), []),
    "an ended run does not start again": ([*RUNNING, *BOTH, completed("succeeded")], START, []),
    "an interrupted run stays so": ([*RUNNING, interrupted()], START, []),
    "an attempt that was not the last has a next": (
        [*RUNNING, interrupted(final=False)],
        StartRun("bob"),
        [started("bob", 2)],
    ),
    "a run that shall end is not begun": ([REQUESTED, WANTED], START, [CANCELLED]),
    "neither when it was asked while it waited": ([QUEUED, WANTED, REQUESTED], START, [CANCELLED]),
    "a call is recorded": (RUNNING, RECORD, [recorded(FAST)]),
    "a call is recorded once": ([*RUNNING, recorded(FAST)], RECORD, []),
    "a call after the end is dropped": ([*RUNNING, interrupted("sim/slow")], RECORD, []),
    "all answered": ([*RUNNING, *BOTH], COMPLETE, [completed("succeeded")]),
    "cut short and filtered are answers": (
        [*RUNNING, recorded(FAST, "truncated"), recorded(SLOW, "content_filter")],
        COMPLETE,
        [completed("succeeded")],
    ),
    "one of two answered": (
        [*RUNNING, recorded(SLOW, "auth", "sim/slow: wrong key"), recorded(FAST)],
        COMPLETE,
        [completed("partial", "sim/slow: wrong key")],
    ),
    "none answered": (
        [*RUNNING, recorded(SLOW, "auth", "first"), recorded(FAST, "timeout_total", "second")],
        COMPLETE,
        [completed("failed", "first")],
    ),
    "none answered in time": (
        [*RUNNING, recorded(FAST, "timeout_idle"), recorded(SLOW, "timeout_connect")],
        COMPLETE,
        [completed("timed_out")],
    ),
    "completing twice is once": ([*RUNNING, *BOTH, completed("succeeded")], COMPLETE, []),
    "a cancellation that broke a call off": (
        [*RUNNING, WANTED, recorded(FAST), recorded(SLOW, "cancelled")],
        COMPLETE,
        [CANCELLED],
    ),
    "a cancellation before all calls ended": (
        [*RUNNING, recorded(FAST), WANTED],
        COMPLETE,
        [CANCELLED],
    ),
    "a cancellation that came too late": (
        [*RUNNING, *BOTH, WANTED],
        COMPLETE,
        [completed("succeeded")],
    ),
    "what nobody works on is cancelled": ([REQUESTED], CancelRun("by its owner"), [CANCELLED]),
    "an attempt ends itself": (RUNNING, CancelRun("by its owner"), []),
    "an ended run is not cancelled": ([*RUNNING, interrupted()], CancelRun("x"), []),
    "a lost attempt names the calls owed": (
        [*RUNNING, recorded(FAST)],
        INTERRUPT,
        [interrupted("sim/slow")],
    ),
    "another's attempt is not interrupted": (RUNNING, InterruptRun("bob", 1, "lost"), []),
    "nor another attempt": (RUNNING, InterruptRun("ada", 2, "lost"), []),
    "nor what never started": ([REQUESTED], INTERRUPT, []),
    "nor what ended": ([*RUNNING, *BOTH, completed("succeeded")], INTERRUPT, []),
    "what was skipped is over": (
        [QUEUED, RunSkipped(run_id=RUN, origin=ORIGIN, reason="disabled", detail="off")],
        START,
        [],
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_table_of_a_run(case: str) -> None:
    history, command, expected = TABLE[case]
    assert run.decide(command, replay(run, history)) == expected


REFUSED: dict[str, tuple[list[RunEvent], Command]] = {
    "a call of a run nobody started": ([REQUESTED], RECORD),
    "a call of a rival's attempt": (RUNNING, RecordCall("bob", 1, called(FAST))),
    "a call of an earlier attempt": (
        [*RUNNING, interrupted(final=False), started("ada", 2)],
        RECORD,
    ),
    "a call of an attempt that was taken away": ([*RUNNING, interrupted(final=False)], RECORD),
    "an end a rival declares": ([*RUNNING, *BOTH], CompleteRun("bob", 1)),
    "an end of what nobody started": ([REQUESTED], COMPLETE),
    "an end while calls are owed": ([*RUNNING, recorded(FAST)], COMPLETE),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_belongs_to_another_attempt_is_refused(case: str) -> None:
    history, command = REFUSED[case]
    with pytest.raises(NotThisAttempt):
        run.decide(command, replay(run, history))


def test_a_new_attempt_owes_every_call_again() -> None:
    history = [*RUNNING, recorded(FAST), interrupted(final=False), started("bob", 2)]
    state = replay(run, history)
    assert isinstance(state, run.Running)
    assert state.owed == (FAST, SLOW)


def test_a_call_has_one_id_for_each_attempt_and_target() -> None:
    ids = {call_id(RUN, attempt, target) for attempt in (1, 2) for target in (FAST, SLOW)}
    assert len(ids) == 4
    assert call_id(RUN, 1, FAST) == call_id(RUN, 1, FAST.model_copy(update={"display_name": "F"}))
