"""The same log, the same decisions: the recorded inputs through the same pure process again.

A change of leader is in the log as the event that began it: what the one before had decided and
not yet stored is cut, the state becomes the fold as recorded, and what is owed is answered first.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar, cast
from uuid import UUID

from contracts.codec import schema_version
from contracts.events import Event
from contracts.message import Message
from eventlog.process import Decision, Process, Recorded, decision_id, recorded
from eventlog.store import Log, Row

S = TypeVar("S")

GROUP: Final = "tickmark.processes"
PAGE: Final = 1000

Class: TypeAlias = Literal["identical", "different", "missing", "extra", "order", "cut"]
GOOD: Final[frozenset[Class]] = frozenset({"identical", "cut"})


class NotInstalled(Exception):
    """The process that decided is not installed here, so nothing can be decided again."""


class OutOfReach(Exception):
    """Another version of the decider decided here; only that version can decide it again."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where log and decider disagree: at the recorded event, or at the cause that has none.

    `expected` and `found` are the event's stream, owner, type, version and data, or None.
    """

    kind: Class
    position: int
    expected: dict[str, Any] | None
    found: dict[str, Any] | None


@dataclass(slots=True)
class Verdict:
    """How the decisions compare, up to position `to`; `first` is the earliest that is not good.

    What the last leader had decided when the log was read, and was not in it yet, counts as cut.
    """

    to: int = 0
    inputs: int = 0
    leaders: int = 0
    decisions: Counter[Class] = field(default_factory=Counter[Class])
    first: Difference | None = None

    @property
    def good(self) -> bool:
        return self.first is None

    def count(self, difference: Difference) -> None:
        self.decisions[difference.kind] += 1
        sooner = self.first is None or difference.position < self.first.position
        if difference.kind not in GOOD and sooner:
            self.first = difference


@dataclass(frozen=True, slots=True)
class Leader:
    """A change of leader: it decides on everything after position `after`."""

    after: int
    version: int
    started: Recorded


@dataclass(frozen=True, slots=True)
class Expected:
    """A decision that should be in the log, the `number`-th, caused at a position."""

    number: int
    cause: int
    decision: Decision


def load_process(name: str) -> Process[Any]:
    """The process module registered as `name`. Raises NotInstalled."""
    for point in entry_points(group=GROUP, name=name):
        return cast("Process[Any]", point.load())
    raise NotInstalled(f"{name}: {NotInstalled.__doc__}")


async def redecide(
    log: Log,
    process: Process[Any],
    to: int | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Decide everything up to position `to` (the head) again, and compare.

    `on_progress` gets each position read. Raises OutOfReach, and what the log raises.
    """
    to = (await log.head()).position if to is None else to
    leaders = await _leaders(log, process)
    return await _Redecision(log, process, leaders, on_progress).run(to)


class _Redecision(Generic[S]):
    def __init__(
        self,
        log: Log,
        process: Process[S],
        leaders: Sequence[Leader],
        on_progress: Callable[[int], None],
    ) -> None:
        self._log, self._process, self._on_progress = log, process, on_progress
        self._leaders = list(reversed(leaders))
        self._state, self._led = process.initial(), False
        self._expected: dict[UUID, Expected] = {}
        self._asked, self._latest = 0, -1
        self._verdict = Verdict()

    async def run(self, to: int) -> Verdict:
        async for rows in _pages(self._log, to):
            for row in rows:
                while self._leaders and self._leaders[-1].after < row.position:
                    await self._take_over(self._leaders.pop())
                self._read(row)
            self._verdict.to = rows[-1].position
            self._on_progress(self._verdict.to)
        self._close()
        return self._verdict

    def _read(self, row: Row) -> None:
        if row.type in self._process.INPUTS:
            self._decide(recorded(row))
        elif row.type in self._process.DECISIONS:
            self._compare(row)

    def _decide(self, cause: Recorded) -> None:
        self._verdict.inputs += 1
        self._state = self._process.evolve(self._state, cause)
        if self._led:
            self._expect(cause, cause.position, self._process.react(self._state, cause))

    def _expect(self, cause: Recorded, position: int, decisions: Sequence[Decision]) -> None:
        for ordinal, decision in enumerate(decisions):
            id = decision_id(self._process.HANDLER, cause.id, ordinal)
            self._expected[id] = Expected(self._asked, position, decision)
            self._asked += 1

    def _compare(self, row: Row) -> None:
        expected = self._expected.pop(row.id, None)
        if expected is None:
            self._verdict.count(Difference("extra", row.position, None, _found(row)))
            return
        self._verdict.count(_difference(row, expected, late=expected.number < self._latest))
        self._latest = max(self._latest, expected.number)

    async def _take_over(self, leader: Leader) -> None:
        if leader.version != self._process.VERSION:
            raise OutOfReach(
                f"position {leader.started.position}: decided by version {leader.version}, "
                f"installed is {self._process.VERSION}"
            )
        if self._close() or not self._verdict.good:
            self._state = await self._as_recorded(leader.after)
        self._led = True
        self._verdict.leaders += 1
        self._state = self._process.evolve(self._state, leader.started)
        self._expect(leader.started, leader.started.position, self._process.resume(self._state))

    def _close(self) -> int:
        """Nothing more can come of what is still expected; how much that was."""
        left = list(self._expected.values())
        for each in left:
            kind: Class = "missing" if each.number < self._latest else "cut"
            self._verdict.count(Difference(kind, each.cause, _wanted(each.decision), None))
        self._expected.clear()
        return len(left)

    async def _as_recorded(self, to: int) -> S:
        state, process = self._process.initial(), self._process
        folded = process.INPUTS | process.DECISIONS
        async for rows in _pages(self._log, to):
            for row in rows:
                if row.type in folded or row.stream == process.STREAM:
                    state = process.evolve(state, recorded(row))
        return state


async def _leaders(log: Log, process: Process[Any]) -> list[Leader]:
    """Every change of leader in the log, in order."""
    leaders: list[Leader] = []
    for row in await log.stream(process.STREAM):
        envelope = row.decoded()
        version, after = process.begins(envelope.data), envelope.afterposition
        if version is not None and after is not None:
            leaders.append(Leader(after, version, recorded(row)))
    return leaders


async def _pages(log: Log, to: int) -> AsyncGenerator[list[Row]]:
    last = 0
    while last < to and (rows := await log.page(last, min(PAGE, to - last))):
        yield rows
        last = rows[-1].position


def _difference(row: Row, expected: Expected, late: bool) -> Difference:
    decision = expected.decision
    if not _same(row, decision):
        return Difference("different", row.position, _wanted(decision), _found(row))
    return Difference("order" if late else "identical", row.position, None, None)


def _same(row: Row, decision: Decision) -> bool:
    event = decision.event
    return (
        row.stream == decision.stream
        and row.type == event.type
        and row.schema_version == schema_version(event)
        and row.owner == decision.about.owner
        and (row.body.endswith(_data(event)) or row.event == event)
    )


def _data(event: Event) -> bytes:
    """The end of the event's exact bytes, so that most need not be decoded to be compared."""
    return b',"data":%s}' % event.model_dump_json(exclude={"type"}).encode()


def _wanted(decision: Decision) -> dict[str, Any]:
    version = schema_version(decision.event)
    return _shown(decision.stream, decision.about.owner, version, decision.event)


def _found(row: Row) -> dict[str, Any]:
    return _shown(row.stream, row.owner, row.schema_version, row.event)


def _shown(stream: str, owner: str | None, version: int, event: Message) -> dict[str, Any]:
    data = event.model_dump(mode="json")
    return {"stream": stream, "owner": owner, "type": data.pop("type"), "version": version, **data}
