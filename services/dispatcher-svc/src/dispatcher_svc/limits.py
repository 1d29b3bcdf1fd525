"""Who has room: a run takes one place in every limit that applies to it, all of them or none.

A lowered limit stops nothing and admits nobody until there is room again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from uuid import UUID

from contracts.actions import Resolved
from contracts.events.system import Limits

Kind: TypeAlias = Literal["instance", "user", "schedule", "agent", "provider"]
Place: TypeAlias = tuple[Kind, str]
"""A limit by its kind and whose it is; instance, user and schedule are clear without the name."""

Places: TypeAlias = tuple[Place, ...]


def places_of(owner: str, schedule_id: UUID, action: Resolved) -> Places:
    """The limits that apply to a run, the widest first, providers by name."""
    first: Places = (("instance", ""), ("user", owner), ("schedule", str(schedule_id)))
    if action.agent_name is not None:
        return (*first, ("agent", action.agent_name))
    providers = sorted({target.provider for target in action.targets})
    return (*first, *(("provider", name) for name in providers))


def named(place: Place) -> str:
    """As `waits_for` names it: `user`, or `provider:openai`."""
    kind, name = place
    return f"{kind}:{name}" if kind in ("agent", "provider") else kind


@dataclass(slots=True)
class Occupancy:
    """How many places of each limit are taken."""

    limits: Limits = field(default_factory=Limits)
    taken: dict[Place, int] = field(default_factory=dict[Place, int])

    def has_room(self, place: Place) -> bool:
        return self.taken.get(place, 0) < self._cap(place[0])

    def full(self, places: Iterable[Place]) -> Places:
        """Those of `places` without room, in their order."""
        return tuple(place for place in places if not self.has_room(place))

    def take(self, places: Iterable[Place]) -> None:
        for place in places:
            self.taken[place] = self.taken.get(place, 0) + 1

    def free(self, places: Iterable[Place]) -> None:
        for place in places:
            self.taken[place] -= 1
            if not self.taken[place]:
                del self.taken[place]

    def _cap(self, kind: Kind) -> int:
        match kind:
            case "instance":
                return self.limits.instance
            case "user":
                return self.limits.per_user
            case "schedule":
                return self.limits.per_schedule
            case "agent":
                return self.limits.per_agent
            case "provider":
                return self.limits.per_provider
