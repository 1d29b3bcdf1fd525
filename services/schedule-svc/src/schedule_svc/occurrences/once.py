"""One instant, and then no more."""

from datetime import datetime

from contracts.specs import At
from schedule_svc.refusals import WrongField


def next_instant(spec: At, after: datetime) -> datetime | None:
    return spec.at if spec.at > after else None


def check(spec: At, now: datetime) -> None:
    """Raises WrongField for an instant that has passed."""
    if spec.at <= now:
        raise WrongField("spec.at", "The instant must lie in the future")
