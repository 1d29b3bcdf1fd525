"""The loop of the one active dispatcher: fold the log, say who decides, and answer what follows.

What was decided enters the state at once and the log a moment later. Whatever the log refuses, or
cannot take, ends the loop: whoever leads next begins from what the log says.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog

from chassis import clock
from contracts.events.system import DispatcherStarted, Limits
from contracts.ids import event_id
from contracts.inventory import Inventory
from dispatcher_svc import admission
from dispatcher_svc.state import Admission
from eventlog.bus import Bus
from eventlog.execute import Cause, append_of
from eventlog.lease import Lease
from eventlog.process import Decision, Recorded, decision_key, recorded
from eventlog.store import Answer, Append, Log, LogError, Row
from eventlog.tail import follow

SOURCE: Final = "/dispatcher-svc"
ACTOR: Final = "service:dispatcher-svc"
FOLDED: Final = admission.INPUTS | admission.DECISIONS | {"DispatcherStarted"}

log_line = structlog.get_logger()


class Refused(LogError):
    """The log holds something else where a decision was to go."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What this process was configured to decide by."""

    limits: Limits
    inventory: Inventory


@dataclass(slots=True)
class Fold:
    """The log up to `position`, decisions as they were recorded."""

    state: Admission = field(default_factory=admission.initial)
    position: int = 0

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row.type in FOLDED:
                admission.evolve(self.state, recorded(row))
            self.position = row.position


async def stand_by(log: Log, bus: Bus | None, fold: Fold) -> None:
    """Keep `fold` near the head until cancelled, so that a takeover need not read everything."""
    async with aclosing(follow(log, bus, fold.position)) as batches:
        async for rows in batches:
            fold.add(rows)


async def dispatch(
    log: Log, bus: Bus | None, lease: Lease, rules: Rules, fold: Fold | None = None
) -> None:
    """Lead until cancelled, from `fold` on, which is used up.

    `log` must append under `lease`. Raises Refused, Fenced and what else the log raises.
    """
    fold = fold or Fold()
    while fold.position < lease.head:
        fold.add(await log.page(fold.position))
    state, after = fold.state, fold.position
    started = await _started(log, lease, rules, after)
    admission.evolve(state, started)
    owed = admission.resume(state)
    await _append(log, list(_appends(started, owed, after)))
    log_line.info("leading", epoch=lease.epoch, after=after, owed=len(owed))
    async with aclosing(follow(log, bus, after)) as batches:
        async for rows in batches:
            await _append(log, _reactions(state, rows))


def _reactions(state: Admission, rows: Iterable[Row]) -> list[Append]:
    """The answers to the inputs among `rows`; our own events, coming back, are in the state."""
    appends: list[Append] = []
    for row in rows:
        if row.type in admission.INPUTS:
            cause = recorded(row)
            admission.evolve(state, cause)
            appends += _appends(cause, admission.react(state, cause), row.position)
    return appends


def _appends(cause: Recorded, decisions: Sequence[Decision], known: int) -> Iterator[Append]:
    """The decisions an event caused, made when all up to position `known` was folded in."""
    for ordinal, decision in enumerate(decisions):
        why = Cause(
            key=decision_key(admission.HANDLER, cause.id, ordinal),
            source=SOURCE,
            actor=ACTOR,
            time=clock.now(),
            owner=decision.about.owner,
            correlation=decision.about.correlation,
            causation=cause.id,
            afterposition=known,
            traceparent=decision.about.traceparent,
        )
        yield append_of(decision.stream, decision.expected, [decision.event], why)


async def _append(log: Log, appends: list[Append]) -> None:
    if not appends:
        return
    answers = await log.append_all(appends)
    for append, answer in zip(appends, answers, strict=True):
        _stored(append, answer)


def _stored(append: Append, answer: Answer) -> Answer:
    if not answer.stored:
        raise Refused(f"{append.stream}: {answer.status} at version {answer.version}")
    return answer


async def _started(log: Log, lease: Lease, rules: Rules, after: int) -> Recorded:
    """Write into the log who decides from here on, and by what."""
    event = DispatcherStarted(
        epoch=lease.epoch,
        holder=lease.holder,
        decider_version=admission.VERSION,
        limits=rules.limits,
        inventory=rules.inventory,
    )
    key = f"{admission.HANDLER}:epoch:{lease.epoch}"
    append = _start(event, key, event_id(key, 0), after, await _version(log))
    answer = _stored(append, await log.append(append))
    id = append.events[0].id
    return Recorded(answer.first or 0, id, None, id, None, answer.version, event)


def _start(event: DispatcherStarted, key: str, id: UUID, after: int, version: int) -> Append:
    why = Cause(
        key=key,
        source=SOURCE,
        actor=ACTOR,
        time=clock.now(),
        correlation=id,
        afterposition=after,
    )
    return append_of(admission.STREAM, version, [event], why)


async def _version(log: Log) -> int:
    rows = await log.stream(admission.STREAM)
    return rows[-1].version if rows else 0
