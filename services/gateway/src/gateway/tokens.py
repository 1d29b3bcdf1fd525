"""Access tokens: signed, short-lived, and all that a request needs to know of its caller."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import jwt

from contracts.events.user import Role
from gateway.problems import InvalidToken, TokenExpired

ISSUER: Final = "tickmark"
_JWT: Final[Any] = jwt.PyJWT()  # its own types name a package that is not installed
CLAIMS: Final = ["sub", "email", "role", "exp", "iss"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `user_id` owns whatever the request creates."""

    user_id: str
    email: str
    role: Role
    until: datetime


class Tokens:
    """Gives and reads the tokens of one secret."""

    def __init__(self, secret: str, lifetime: timedelta) -> None:
        self._secret, self._lifetime = secret, lifetime

    def issue(self, user_id: str, email: str, role: Role, now: datetime) -> str:
        claims = {
            "iss": ISSUER,
            "sub": user_id,
            "email": email,
            "role": role,
            "iat": now,
            "exp": now + self._lifetime,
        }
        return _JWT.encode(claims, self._secret, algorithm="HS256")

    def read(self, token: str, now: datetime) -> Caller:
        """Raises InvalidToken, TokenExpired."""
        try:
            claims: dict[str, Any] = _JWT.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                issuer=ISSUER,
                options={"require": CLAIMS, "verify_exp": False, "verify_iat": False},
            )
            until = datetime.fromtimestamp(claims["exp"], now.tzinfo)
            caller = Caller(claims["sub"], claims["email"], claims["role"], until)
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
            raise InvalidToken from None
        if until <= now:
            raise TokenExpired
        return caller
