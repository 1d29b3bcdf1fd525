"""A dispatcher that can be killed between an event and its answers, in a world that goes on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from admissions import (
    BOTH,
    GONE,
    INVENTORY,
    LARGE,
    NAMES,
    OWL,
    SMALL,
    created,
    deleted,
    ended,
    named,
    started,
    toggled,
    triggered,
    updated,
)
from contracts.events import Event
from contracts.events.run import RunCompleted, RunRequested
from contracts.events.system import DispatcherStarted
from dispatcher_svc import admission
from dispatcher_svc.state import Admission
from eventlog.process import Decision, Recorded


def summary(decision: Decision) -> tuple[Any, ...]:
    """A decision in short: type, run, and what it says beside."""
    data = decision.event.model_dump(mode="json", exclude={"type", "run_id", "origin", "action"})
    run_id: UUID = getattr(decision.event, "run_id")  # noqa: B009 - one of three run events
    said = [value for value in data.values() if value is not None]
    return (decision.event.type, run_id, *said)


@dataclass
class History:
    """A log in short: every event with its owner, in order."""

    events: list[Recorded] = field(default_factory=list[Recorded])
    versions: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, event: Event, owner: str | None = None, stream: str = "") -> Recorded:
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        position = len(self.events) + 1
        id = uuid5(NAMES, str(position))
        self.events.append(Recorded(position, id, owner, id, None, version, event))
        return self.events[-1]

    def folded(self, to: int | None = None, state: Admission | None = None) -> Admission:
        """The log as recorded up to `to`, over `state` if that is given."""
        state = admission.initial() if state is None else state
        for recorded in self.events[:to]:
            admission.evolve(state, recorded)
        return state


@dataclass
class Case:
    """given(events).when(event).then(answers), each answer as `summary` shows it."""

    history: History
    state: Admission
    answers: list[Decision] = field(default_factory=list[Decision])

    def when(self, event: Event, owner: str = "eve") -> "Case":
        recorded = self.history.add(event, owner)
        admission.evolve(self.state, recorded)
        self.answers = admission.react(self.state, recorded)
        return self

    def then(self, *expected: tuple[Any, ...]) -> "Case":
        assert [summary(answer) for answer in self.answers] == [
            (type_, named(run), *said) for type_, run, *said in expected
        ]
        return self


def given(*events: Event | tuple[str, Event]) -> Case:
    """A dispatcher that has answered all of these; a pair names the owner, else it is eve."""
    case = Case(History(), admission.initial())
    for each in events:
        owner, event = each if isinstance(each, tuple) else ("eve", each)
        case.when(event, owner)
        if isinstance(event, DispatcherStarted):
            admission.resume(case.state)
    return case


@dataclass
class Dispatcher:
    """One leader over a history: what it read, and the decisions not yet in the log."""

    history: History
    rules: DispatcherStarted
    state: Admission = field(default_factory=admission.initial)
    read: int = 0
    flying: list[Decision] = field(default_factory=list[Decision])

    def start(self) -> None:
        """Take over: what the one before had not appended is lost."""
        self.read = len(self.history.events)
        self.state = self.history.folded()
        recorded = self.history.add(self.rules)
        admission.evolve(self.state, recorded)
        self.flying = admission.resume(self.state)

    def react(self) -> Sequence[Decision]:
        """To the next event that is an input."""
        while self.read < len(self.history.events):
            recorded = self.history.events[self.read]
            self.read += 1
            if recorded.event.type in admission.INPUTS:
                admission.evolve(self.state, recorded)
                answers = admission.react(self.state, recorded)
                self.flying += answers
                return answers
        return ()

    def append(self) -> None:
        """The oldest decision reaches the log."""
        if self.flying:
            decision = self.flying.pop(0)
            self.history.add(decision.event, decision.about.owner, decision.stream)

    def settle(self) -> None:
        """Read and append until nothing is left."""
        while self.flying or self.read < len(self.history.events):
            self.react()
            while self.flying:
                self.append()

    def going(self) -> dict[UUID, tuple[str, RunRequested]]:
        """The runs requested and not ended, by the log and what flies, with their owners."""
        runs: dict[UUID, tuple[str, RunRequested]] = {}
        flying = [(each.about.owner, each.event) for each in self.flying]
        for owner, event in [*((each.owner, each.event) for each in self.history.events), *flying]:
            if isinstance(event, RunRequested):
                runs[event.run_id] = (owner or "", event)
            if isinstance(event, RunCompleted):
                runs.pop(event.run_id, None)
        return runs


ACTIONS = [SMALL, LARGE, BOTH, OWL, GONE]
SCHEDULES = {f"{owner}-{n}": owner for owner in ("ada", "bob", "eve") for n in range(2)}


FEWER = INVENTORY.model_copy(update={"agents": {}})

Step: TypeAlias = tuple[str, str, int]
"""What happens, to which schedule, and a number that chooses among its ways."""


def rules(number: int) -> DispatcherStarted:
    room = 1 + number % 3
    inventory = FEWER if number % 4 == 3 else INVENTORY
    return started(inventory, instance=room + 1, per_user=2, per_provider=room)


class World:
    """Schedules, a runner that ends what the log requested, and one dispatcher at a time."""

    def __init__(self) -> None:
        self.history = History()
        for number, (name, owner) in enumerate(SCHEDULES.items()):
            self.history.add(created(name, ACTIONS[number % 4]), owner, name)
        self.gone: set[str] = set()
        self.dispatcher = Dispatcher(self.history, rules(1))
        self.dispatcher.start()

    def step(self, kind: str, name: str, number: int) -> None:
        match kind:
            case "react":
                self.dispatcher.react()
            case "append":
                self.dispatcher.append()
            case "kill":
                self.dispatcher = Dispatcher(self.history, rules(number))
                self.dispatcher.start()
            case "end":
                self.end(number)
            case _ if name not in self.gone:
                self.change(kind, name, number)
            case _:
                pass

    def end(self, number: int) -> None:
        stored = Dispatcher(self.history, self.dispatcher.rules).going()
        if stored:
            run_id = list(stored)[number % len(stored)]
            self.history.add(ended(run_id), stored[run_id][0], str(run_id))

    def change(self, kind: str, name: str, number: int) -> None:
        run = f"run {len(self.history.events)}"
        self.gone |= {name} if kind == "delete" else set()
        event = {
            "tick": triggered(name, run),
            "trigger": triggered(name, run, "manual"),
            "toggle": toggled(name, enabled=number % 2 == 0),
            "update": updated(name, ACTIONS[number % len(ACTIONS)]),
            "delete": deleted(name),
        }[kind]
        self.history.add(event, SCHEDULES[name], name)
