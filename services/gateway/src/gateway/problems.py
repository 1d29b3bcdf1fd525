"""Every refusal as application/problem+json (RFC 9457): one table from exception to status.

An exception's docstring is the text people read, unless it was raised with one of its own.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from contracts.commands import FieldError, Refused
from eventlog.bus import AnswerFailed, BusUnavailable
from eventlog.link import OUTAGES
from eventlog.store import BodyTooLarge, KeyReused, LogFrozen, LogUnavailable
from gateway.wire.fields import field_of
from gateway.wire.invalid import Invalid

log = structlog.get_logger()


class Refusal(Exception):
    """The request was refused"""

    status = 400

    def __init__(self, detail: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(detail or type(self).__doc__)
        self.retry_after = retry_after


class MalformedJson(Refusal):
    """The body is not valid JSON"""


class ValidEmailRequired(Refusal):
    """Valid email required"""


class PasswordTooShort(Refusal):
    """Password must be at least 8 characters"""


class NotAuthenticated(Refusal):
    """Not authenticated"""

    status = 401


class InvalidToken(NotAuthenticated):
    """Invalid token"""


class TokenExpired(NotAuthenticated):
    """Token expired"""


class BadCredentials(NotAuthenticated):
    """Invalid email or password"""


class NotFound(Refusal):
    """Not found"""

    status = 404


class ScheduleNotFound(NotFound):
    """Schedule not found"""


class RunNotFound(NotFound):
    """Run not found"""


class AgentNotFound(NotFound):
    """Agent not found"""


class EmailTaken(Refusal):
    """Email already registered"""

    status = 409


class RequestTooLarge(Refusal):
    """The body may have at most 1 MiB"""

    status = 413


class TooManyLogins(Refusal):
    """Too many failed logins, try again later"""

    status = 429


class Behind(Refusal):
    """The read model has not reached this position yet, try again"""

    status = 503


class ByService(Exception):
    """What a service refused, in the words of the client's request."""

    def __init__(self, refused: Refused, errors: tuple[FieldError, ...]) -> None:
        super().__init__(refused.detail)
        self.refused, self.errors = refused, errors


AWAY: Final = (
    BusUnavailable,
    LogUnavailable,
    LogFrozen,
    *OUTAGES,
    asyncpg.InterfaceError,
)
"""What means that nothing was done, or nothing that is known of, and that asking again may help."""

STATUS: Final[dict[type[Exception], int]] = {
    **dict.fromkeys(AWAY, 503),
    AnswerFailed: 502,
    BodyTooLarge: 413,
    KeyReused: 409,
}


def install(app: FastAPI) -> None:
    """Answer every exception that leaves a route as a problem."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(ByService, _by_service)
    app.add_exception_handler(Invalid, _invalid)
    app.add_exception_handler(RequestValidationError, _invalid_parameters)
    app.add_exception_handler(HTTPException, _by_framework)
    for kind in STATUS:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(Exception, _unknown)


def problem(
    request: Request,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response:
    """The document. `type` is a name of the status; `detail` is for people."""
    title = HTTPStatus(status).phrase
    body = {
        "type": f"urn:tickmark:problem:{title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        **members,
    }
    return JSONResponse(body, status, dict(headers or {}), "application/problem+json")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    return problem(request, error.status, str(error), headers | _retry(error.retry_after))


async def _by_service(request: Request, error: Exception) -> Response:
    assert isinstance(error, ByService)
    refused = error.refused
    members = {"errors": _listed(error.errors)} if error.errors else {}
    return problem(request, refused.status, refused.detail, _retry(refused.retry_after), **members)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, Invalid)
    detail = f"{error.errors[0].field}: {error.errors[0].message}" if error.errors else str(error)
    return problem(request, 422, detail, errors=_listed(error.errors))


async def _invalid_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = tuple(
        FieldError(field=field_of(tuple(each["loc"][1:])), message=each["msg"])
        for each in error.errors()
    )
    return await _invalid(request, Invalid(*found))


async def _by_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(request, error.status_code, error.detail, error.headers)


async def _known(request: Request, error: Exception) -> Response:
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    text = str(error) or (type(error).__doc__ or "").splitlines()[0]
    if status != 503:
        return problem(request, status, text)
    log.warning("unavailable", path=request.url.path, reason=type(error).__name__)
    detail = text if isinstance(error, LogFrozen) else "Temporarily unavailable, try again"
    return problem(request, 503, detail, _retry(1))


async def _unknown(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.url.path, reason=type(error).__name__)
    return problem(request, 500, "Internal error")


def _retry(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}


def _listed(errors: tuple[FieldError, ...]) -> list[dict[str, Any]]:
    return [error.model_dump() for error in errors]
