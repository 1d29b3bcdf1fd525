"""The instants a spec generates: one evaluator for checking, showing and firing. Pure.

A spec is a strictly increasing sequence of instants. `epoch` is where a plain interval counts from;
cron, grid and one-shot specs do not look at it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from contracts.specs import At, Cron, Every, Spec
from schedule_svc.occurrences import cron, daylight, interval, once, zones
from schedule_svc.refusals import WrongField


def next_instant(spec: Spec, epoch: datetime, after: datetime) -> datetime | None:
    """The first instant later than `after`, or none. Raises WrongField for an unreadable spec."""
    match spec:
        case Cron():
            return daylight.next_instant(cron.parse(spec.cron), spec.timezone, after)
        case Every():
            return interval.next_instant(spec, epoch, after)
        case At():
            return once.next_instant(spec, after)


def instants(
    spec: Spec, epoch: datetime, first: datetime | None, until: datetime
) -> Iterator[datetime]:
    """`first`, itself an instant, and those that follow, up to and including `until`."""
    while first is not None and first <= until:
        yield first
        first = next_instant(spec, epoch, first)


def last_instant(spec: Spec, epoch: datetime, first: datetime, until: datetime) -> datetime:
    """The last of `instants(spec, epoch, first, until)`, without walking all of a long stretch."""
    window = timedelta(hours=1)
    while until - window > first:
        found = next_instant(spec, epoch, until - window)
        if found is not None and found <= until:
            first = found
            break
        window *= 2
    return max(instants(spec, epoch, first, until))


def check(spec: Spec, now: datetime, least: timedelta) -> None:
    """Raises WrongField where the spec cannot be read, never fires, or fires too often."""
    match spec:
        case Cron():
            zones.zone(spec.timezone)
            _check_gap(spec, least)
        case Every():
            interval.check(spec)
            if spec.every < least:
                raise WrongField("spec.every", _too_close(least))
        case At():
            once.check(spec, now)


def _check_gap(spec: Cron, least: timedelta) -> None:
    gap = cron.parse(spec.cron).smallest_gap()
    if gap is not None and timedelta(minutes=gap.minutes) < least:
        detail = _too_close(least)
        raise WrongField("spec.cron", detail, f"{detail}: {gap.first} and {gap.second} are closer")


def _too_close(least: timedelta) -> str:
    seconds = int(least.total_seconds())
    units = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next(each for each in units if seconds % each[0] == 0)
    count = seconds // size
    return f"Interval must be at least {count} {unit}{'' if count == 1 else 's'}"
