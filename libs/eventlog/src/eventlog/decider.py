"""Deciders and process managers: plain modules whose functions satisfy these protocols.

No base class, no registry: `execute(log, schedule, ...)` takes the module itself. Everything in
them is pure; time and ids arrive as data.
"""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

C = TypeVar("C")
E = TypeVar("E")
S = TypeVar("S")
C_contra = TypeVar("C_contra", contravariant=True)
E_contra = TypeVar("E_contra", contravariant=True)


class Decider(Protocol[C_contra, E, S]):
    """Given what happened, what does this command cause, and what is the state afterwards?"""

    @property
    def initial(self) -> Callable[[], S]: ...
    @property
    def evolve(self) -> Callable[[S, E], S]: ...
    @property
    def decide(self) -> Callable[[C_contra, S], list[E]]: ...


def replay(decider: Decider[C, E, S], events: Iterable[E], state: S | None = None) -> S:
    """Fold events over `state`, or over the decider's initial one."""
    state = decider.initial() if state is None else state
    for event in events:
        state = decider.evolve(state, event)
    return state
