"""Why a call was not answered: a status of the closed list, and words for people."""

from dataclasses import dataclass

from contracts.samples import CallStatus


@dataclass(frozen=True, slots=True)
class Failure:
    """`message` is not yet redacted; `code` is the provider's own word."""

    status: CallStatus
    message: str
    code: str | None = None
    http_status: int | None = None
    retry_after_s: float | None = None
