"""The end of a start: where it is, who may log in, and on the first one something to see.

A generated password is shown once and forgotten. It is kept until then, so that a start which was
broken off can still show it.
"""

import os
import secrets
from typing import Final

from gateway.accounts import EMAIL, plain
from tickmark import demo
from tickmark.exits import Misused, Refusal
from tickmark.installation import Installation
from tickmark.progress import say, step

ADMIN: Final = "admin@tickmark.example"
PASSWORD: Final = "admin.password"
EMAIL_LENGTH: Final = 254
PASSWORD_LENGTH: Final = 8
"""The gateway's own limits for an account."""
HINT: Final = "Ctrl-C stops it. What runs: tickmark ps. What happens: tickmark events tail --follow"


def check_admin(installation: Installation) -> None:
    """Raises Misused, naming the variable, for an account that the gateway would not make."""
    email = os.environ.get("TICKMARK_ADMIN_EMAIL")
    password = os.environ.get("TICKMARK_ADMIN_PASSWORD")
    if installation.welcomed:
        return
    if email and (len(plain(email)) > EMAIL_LENGTH or not EMAIL.fullmatch(plain(email))):
        raise Misused("TICKMARK_ADMIN_EMAIL: must be an email address, as in admin@example.org")
    if password and len(password) < PASSWORD_LENGTH:
        raise Misused(f"TICKMARK_ADMIN_PASSWORD: must be at least {PASSWORD_LENGTH} characters")


def first_admin(installation: Installation) -> dict[str, str]:
    """Variables that make the gateway's first account: given, or generated. Empty later on."""
    if installation.welcomed:
        return {}
    email, password = _credentials(installation)
    return {"TICKMARK_GATEWAY__ADMIN_EMAIL": email, "TICKMARK_GATEWAY__ADMIN_PASSWORD": password}


async def welcome(installation: Installation, url: str, *, with_demo: bool) -> None:
    """Say that it is ready. On the first start make the demo and tell the login."""
    first = not installation.welcomed
    if first and with_demo:
        await _demo(installation, url)
    login = [_login(installation)] if first else []
    say("\n".join(["", f"Tickmark is ready: {url}", *login, HINT]))
    if first:
        installation.welcomed = True
        installation.forget(PASSWORD)


async def _demo(installation: Installation, url: str) -> None:
    with step("demo") as done:
        try:
            done.detail = await demo.show(url, *_credentials(installation))
        except Refusal as refused:
            done.detail = f"left out: {refused}"


def _login(installation: Installation) -> str:
    email, password = _credentials(installation)
    if os.environ.get("TICKMARK_ADMIN_PASSWORD"):
        return f"Log in as {email} with the password from TICKMARK_ADMIN_PASSWORD."
    return f"Log in as {email} with the password {password} (shown only this once)."


def _credentials(installation: Installation) -> tuple[str, str]:
    email = os.environ.get("TICKMARK_ADMIN_EMAIL") or ADMIN
    given = os.environ.get("TICKMARK_ADMIN_PASSWORD")
    return email, given or installation.secret(PASSWORD, lambda: secrets.token_urlsafe(12))
