"""Old shapes to the next one: (type, version) -> a pure function on the event's JSON object.

Empty until an event's second version; each step goes up by one, and stored bytes never change.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

Upcast: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: dict[tuple[str, int], Upcast] = {}


def upcast(type_: str, version: int, data: dict[str, Any], to: int) -> dict[str, Any]:
    """`data` as version `to` of `type_` has it. Raises KeyError where a step is missing."""
    for step in range(version, to):
        data = UPCASTERS[type_, step](data)
    return data
