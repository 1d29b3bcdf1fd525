"""What the routes work with: made once by the process, handed to each request."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chassis import clock
from chassis.health import Health
from contracts.inventory import Inventory
from eventlog.bus import Bus
from eventlog.postgres import PostgresLog
from gateway.accounts import Accounts
from gateway.freshness import Freshness
from gateway.hub import Hub
from gateway.problems import NotAuthenticated
from gateway.settings import Settings
from gateway.tokens import Caller, Tokens


@dataclass(frozen=True)
class Site:
    settings: Settings
    log: PostgresLog
    bus: Bus
    accounts: Accounts
    tokens: Tokens
    freshness: Freshness
    hub: Hub
    health: Health

    @property
    def inventory(self) -> Inventory:
        return self.settings.inventory


def _site(request: Request) -> Site:
    return request.app.state.site


Here: TypeAlias = Annotated[Site, Depends(_site)]

_bearer = HTTPBearer(auto_error=False, description="An access token of /api/auth/login")


def _caller(
    site: Here, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    if given is None:
        raise NotAuthenticated
    return site.tokens.read(given.credentials, clock.now())


Signed: TypeAlias = Annotated[Caller, Depends(_caller)]
"""Every route that takes this answers 401 without a valid token."""
