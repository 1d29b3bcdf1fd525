"""A refusal over HTTP, or an error object inside an answer, as one status of the closed list.

Match codes and numbers, never the words: those change, and are only passed on.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, Final, cast

from contracts.samples import CallStatus
from runner_svc.exchange import Exchange
from runner_svc.failure import Failure

QUOTA: Final = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
_BY_NUMBER: Final[Mapping[int, CallStatus]] = {
    401: "auth",
    402: "quota",
    403: "auth",
    404: "not_found",
    408: "server_error",
    409: "server_error",
    410: "not_found",
    425: "server_error",
    429: "rate_limited",
    498: "overloaded",
    503: "overloaded",
    529: "overloaded",
}
_BY_CODE: Final[Mapping[str, CallStatus]] = {
    **dict.fromkeys(QUOTA, "quota"),
    "content_filter": "content_filter",
    "overloaded_error": "overloaded",
    "slow_down": "overloaded",
    "ramp_limit_exceeded": "rate_limited",
}


def refused(exchange: Exchange, now: datetime) -> Failure | None:
    """Why this exchange is no answer: it broke before its head, or its status is not 2xx."""
    status = exchange.http_status
    if status is None:
        return exchange.broke or Failure("protocol", "no answer")
    if 200 <= status < 300:
        return None
    if not 400 <= status < 600:
        return Failure("protocol", f"answered HTTP {status}", http_status=status)
    body = b"".join(read.data for read in exchange.reads)
    error = _error(body.decode(errors="replace"))
    return Failure(
        status_of(status, error),
        f"HTTP {status}: {words(error)}",
        code=code_of(error),
        http_status=status,
        retry_after_s=retry_after(exchange.headers, error, now),
    )


def status_of(http_status: int, error: object) -> CallStatus:
    """The status of a refusal; the provider's own code is more exact than the number."""
    if http_status == 403 and _moderated(error):
        return "content_filter"
    known = _BY_CODE.get(code_of(error) or "") or _BY_NUMBER.get(http_status)
    return known or ("bad_request" if http_status < 500 else "server_error")


def _moderated(error: object) -> bool:
    """OpenRouter refuses what a moderator flagged like a wrong key, and adds the reasons."""
    metadata = _members(_members(error).get("metadata"))
    return bool(metadata.get("reasons"))


def words(error: object) -> str:
    """What it says, for people."""
    told = _members(error)
    words = told.get("message") or told.get("error") or error
    return (words if isinstance(words, str) else json.dumps(words)).strip() or "no reason given"


def code_of(error: object) -> str | None:
    """The provider's own word."""
    told = _members(error)
    code = told.get("code") or told.get("type")
    return str(code) if isinstance(code, str | int) else None


def retry_after(headers: Mapping[str, str], error: object, now: datetime) -> float | None:
    """Seconds to wait, from wherever the provider wrote them; None where none are readable."""
    told = (
        _seconds(headers.get("retry-after-ms"), unit=0.001),
        _seconds(headers.get("retry-after")),
        _until(headers.get("retry-after"), now),
        _seconds(_members(error).get("retry_after")),
    )
    return next((seconds for seconds in told if seconds is not None), None)


def _error(body: str) -> object:
    """`error`, else `detail`, else the text itself."""
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError):
        return body
    members = _members(content)
    return members.get("error") or members.get("detail") or body


def _members(content: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", content) if isinstance(content, Mapping) else {}


def _seconds(value: object, unit: float = 1.0) -> float | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        seconds = float(value) * unit
    except ValueError:
        return None
    return seconds if isfinite(seconds) and seconds >= 0 else None


def _until(value: str | None, now: datetime) -> float | None:
    try:
        until = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
