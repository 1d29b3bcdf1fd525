"""Facts about users; never a password, a token or a key."""

from typing import ClassVar, Literal, TypeAlias
from uuid import UUID

from contracts.message import Message

Role: TypeAlias = Literal["admin", "user"]


class UserRegistered(Message):
    """An account exists."""

    type: Literal["UserRegistered"] = "UserRegistered"
    schema_version: ClassVar[int] = 1
    user_id: UUID
    email: str
    role: Role


class UserLoggedIn(Message):
    """A login succeeded."""

    type: Literal["UserLoggedIn"] = "UserLoggedIn"
    schema_version: ClassVar[int] = 1
    user_id: UUID


UserEvent: TypeAlias = UserRegistered | UserLoggedIn
