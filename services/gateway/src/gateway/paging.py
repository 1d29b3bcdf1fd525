"""Cursors: opaque to clients, the position of the last item for us, so that no page shifts."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Protocol, TypeVar

from fastapi import Query

from gateway.wire.invalid import wrong

FIRST: Final = 2**62
"""Above every position: where newest-first begins."""


class Placed(Protocol):
    @property
    def position(self) -> int: ...


P = TypeVar("P", bound=Placed)


@dataclass(frozen=True, slots=True)
class Page:
    """What a list was asked for: at most `limit` items before position `before`."""

    limit: int
    before: int

    @property
    def ask(self) -> int:
        """One more than asked for: whether there is a next page."""
        return self.limit + 1

    def cut(self, found: Sequence[P]) -> tuple[Sequence[P], str | None]:
        """The page's items, and the cursor of the next page if there is one."""
        items = found[: self.limit]
        return items, cursor(items[-1].position) if len(found) > self.limit else None


def cursor(position: int) -> str:
    return urlsafe_b64encode(f"p{position}".encode()).decode().rstrip("=")


def before(text: str | None) -> int:
    """The position a cursor stands for. Raises Invalid for one that we never gave."""
    if text is None:
        return FIRST
    try:
        plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        if plain[:1] == "p" and plain[1:].isdigit() and (position := int(plain[1:])) < FIRST:
            return position
    except (ValueError, binascii.Error):
        pass
    raise wrong("cursor", "Not a cursor of this list")


def page(
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> Page:
    return Page(limit, before(cursor))


def short_page(
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> Page:
    """The same with 50 items where the client names no number."""
    return Page(limit, before(cursor))
