"""Passwords: argon2id, hashed off the event loop, two at a time (each takes 64 MiB)."""

import asyncio
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE: Final = 2

_hasher = PasswordHasher()


class Passwords:
    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._places:
            return await asyncio.to_thread(_hasher.hash, password)

    async def matches(self, known: str | None, password: str) -> bool:
        """Whether it is the password of `known`; as slow where nobody is known."""
        async with self._places:
            return await asyncio.to_thread(_matches, known, password)


def _matches(known: str | None, password: str) -> bool:
    try:
        return _hasher.verify(known or _nobody(), password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """A hash that costs as much as anybody's."""
    return _hasher.hash("nobody has this password")
