"""Physical time in equal steps: from an epoch that moves with the schedule, or on a fixed grid."""

from datetime import datetime, timedelta
from typing import Final

from contracts.specs import Every
from schedule_svc.refusals import WrongField

LONGEST: Final = timedelta(days=366)


def next_instant(spec: Every, epoch: datetime, after: datetime) -> datetime:
    """The first step later than `after`; without an anchor, the epoch itself is no step."""
    if spec.anchor is not None:
        return spec.anchor + ((after - spec.anchor) // spec.every + 1) * spec.every
    return epoch + max(1, (after - epoch) // spec.every + 1) * spec.every


def check(spec: Every) -> None:
    """Raises WrongField for an interval above a leap year."""
    if spec.every > LONGEST:
        raise WrongField("spec.every", "Interval must be at most 366 days")
