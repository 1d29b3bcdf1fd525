"""`given(decider, *events).when(command).then(*events)`: one row of a decision table, readable."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import pytest

from eventlog.decider import Decider, replay

C = TypeVar("C")
E = TypeVar("E")
S = TypeVar("S")


class Given(Generic[C, E, S]):
    """What had happened."""

    def __init__(self, decider: Decider[C, E, S], events: Sequence[E]) -> None:
        self._decider, self._events = decider, events

    @property
    def state(self) -> S:
        return replay(self._decider, self._events)

    def when(self, command: C) -> "When[C, E, S]":
        return When(self._decider, self.state, command)


class When(Generic[C, E, S]):
    """What is asked for; each `then` decides anew."""

    def __init__(self, decider: Decider[C, E, S], state: S, command: C) -> None:
        self._decider, self._state, self._command = decider, state, command

    @property
    def events(self) -> list[E]:
        return self._decider.decide(self._command, self._state)

    def then(self, *expected: E) -> None:
        assert self.events == list(expected)

    def then_raises(self, error: type[Exception], text: str | None = None) -> None:
        """`text` is what the refusal says, word for word."""
        with pytest.raises(error) as raised:
            _ = self.events
        if text is not None:
            assert (str(raised.value) or raised.value.__doc__) == text


def given(decider: Decider[C, E, S], *events: E) -> Given[C, E, S]:
    return Given(decider, events)
