"""Accounts: credentials in a table of their own, the facts about them in the log.

Registration holds its row back until the fact is stored, so that neither exists without the other
unless the process dies in between; then only the fact does, and the address is free.
"""

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis import clock, ids
from contracts.events.user import Role, UserEvent, UserLoggedIn, UserRegistered
from contracts.ids import user_stream
from eventlog.execute import Cause, append_of
from eventlog.postgres import PostgresLog
from eventlog.queries import load
from eventlog.store import ANY, NEW
from gateway.passwords import Passwords
from gateway.problems import (
    BadCredentials,
    EmailTaken,
    PasswordTooShort,
    TooManyLogins,
    ValidEmailRequired,
)
from gateway.views.rows import Record, row_of

SQL = load("gateway")

FAILURES: Final = 5
WITHIN: Final = timedelta(minutes=5)
BLOCK: Final = timedelta(minutes=15)
EMAIL: Final = re.compile(r"[^\s@]{1,64}@[\w-]+(\.[\w-]+)*")
"""Anything that may be an address, also inside a house (`root@localhost`): we send no mail."""


@dataclass(frozen=True, slots=True)
class Account:
    user_id: UUID
    email: str
    password_hash: str
    role: Role
    created_at: datetime


class Accounts:
    def __init__(self, log: PostgresLog) -> None:
        self._log, self._pool = log, log.pool
        self._passwords = Passwords()

    async def register(self, email: str, password: str) -> Account:
        """The first account is the admin's. Raises what is wrong with the two, EmailTaken."""
        return await self._add(await self._drafted(email, password))

    async def bootstrap(self, email: str, password: str) -> None:
        """Make the admin, unless anybody is registered."""
        if not await self._pool.fetchval(SQL["any_account"]):
            with suppress(EmailTaken):
                await self.register(email, password)

    async def login(self, email: str, password: str, address: str) -> Account:
        """Raises BadCredentials; after five failures in five minutes TooManyLogins."""
        now = clock.now()
        blocked: datetime | None = await self._pool.fetchval(SQL["login_blocked"], address, now)
        if blocked is not None:
            raise TooManyLogins(retry_after=int((blocked - now).total_seconds()) + 1)
        found = await self._pool.fetchrow(SQL["account_by_email"], plain(email))
        account = _account(found) if found else None
        matches = await self._passwords.matches(account and account.password_hash, password)
        if account is None or not matches:
            await self._pool.execute(
                SQL["login_failed"], address, now, FAILURES, now - WITHIN, now + BLOCK
            )
            raise BadCredentials
        await self._pool.execute(SQL["login_succeeded"], address)
        await self._note(account.user_id, UserLoggedIn(user_id=account.user_id), ANY)
        return account

    async def find(self, user_id: str) -> Account | None:
        found = await self._pool.fetchrow(SQL["account"], UUID(user_id))
        return _account(found) if found else None

    async def _drafted(self, email: str, password: str) -> Account:
        """Everything but the role, which the order of registrations decides."""
        address = plain(email)
        if not EMAIL.fullmatch(address) or len(address) > 254:
            raise ValidEmailRequired
        if len(password) < 8:
            raise PasswordTooShort
        secret = await self._passwords.hash(password)
        return Account(ids.fresh(), address, secret, "user", clock.now())

    async def _add(self, draft: Account) -> Account:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["lock_accounts"])
            role: Role = "user" if await connection.fetchval(SQL["any_account"]) else "admin"
            account = Account(
                draft.user_id, draft.email, draft.password_hash, role, draft.created_at
            )
            added = await connection.fetchval(SQL["add_account"], *_columns(account))
            if added is None:
                raise EmailTaken
            fact = UserRegistered(user_id=account.user_id, email=account.email, role=role)
            await self._note(account.user_id, fact, NEW)
        return account

    async def _note(self, user_id: UUID, fact: UserEvent, expected: int) -> None:
        once = ids.fresh()
        cause = Cause(
            key=f"user:{user_id}:{once}",
            source="/gateway",
            actor=str(user_id),
            owner=str(user_id),
            time=clock.now(),
            correlation=once,
        )
        await self._log.append(append_of(user_stream(user_id), expected, [fact], cause))


def plain(email: str) -> str:
    """The one spelling under which an address is known."""
    return unicodedata.normalize("NFC", email.strip()).lower()


def _account(record: Record) -> Account:
    return row_of(Account, record)


def _columns(account: Account) -> tuple[UUID, str, str, Role, datetime]:
    return (
        account.user_id,
        account.email,
        account.password_hash,
        account.role,
        account.created_at,
    )
