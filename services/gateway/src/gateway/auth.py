"""Registering, logging in, and asking who one is."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from chassis import clock
from contracts.events.user import Role
from gateway.accounts import Account
from gateway.bodies import described, form_of, json_of
from gateway.problems import InvalidToken
from gateway.site import Here, Signed, Site
from gateway.wire.forms import Credentials
from gateway.wire.invalid import wrong
from gateway.wire.schedule import Shape

router = APIRouter(tags=["accounts"])


class User(Shape):
    id: UUID
    email: str
    role: Role
    created_at: datetime


class Entered(Shape):
    user: User
    access_token: str
    token_type: str = "bearer"


class Token(Shape):
    access_token: str
    token_type: str = "bearer"


@router.post("/api/auth/register", status_code=201, openapi_extra=described(Credentials))
async def register(
    site: Here, given: Annotated[Credentials, Depends(json_of(Credentials))]
) -> Entered:
    """Make an account and log in. The first account of all is the admin's."""
    return _entered(site, await site.accounts.register(given.email, given.password))


@router.post("/api/auth/login", openapi_extra=described(Credentials))
async def login(
    site: Here, request: Request, given: Annotated[Credentials, Depends(json_of(Credentials))]
) -> Entered:
    """Exchange e-mail and password for an access token."""
    return _entered(site, await _logged_in(site, request, given.email, given.password))


@router.post("/token", include_in_schema=False)
@router.post("/api/token")
async def token(site: Here, request: Request) -> Token:
    """The same as an OAuth2 password form: `username` is the e-mail."""
    form = await form_of(request)
    for field in ("username", "password"):
        if not form.get(field):
            raise wrong(field, "Required")
    account = await _logged_in(site, request, form["username"], form["password"])
    return Token(access_token=_entered(site, account).access_token)


@router.get("/api/auth/me")
async def me(site: Here, caller: Signed) -> User:
    """The caller's account."""
    account = await site.accounts.find(caller.user_id)
    if account is None:
        raise InvalidToken
    return _user(account)


async def _logged_in(site: Site, request: Request, email: str, password: str) -> Account:
    address = request.client.host if request.client else "unknown"
    return await site.accounts.login(email, password, address)


def _entered(site: Site, account: Account) -> Entered:
    now = clock.now()
    given = site.tokens.issue(str(account.user_id), account.email, account.role, now)
    return Entered(user=_user(account), access_token=given)


def _user(account: Account) -> User:
    return User(
        id=account.user_id, email=account.email, role=account.role, created_at=account.created_at
    )
