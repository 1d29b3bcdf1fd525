"""When, on the wire: five ways to write it, one `Spec`, and back in every form that is whole."""

from datetime import timedelta
from typing import Final, Literal, TypeAlias

from contracts.specs import At, Cron, Every, Spec
from gateway.wire.forms import ScheduleForm
from gateway.wire.invalid import Names, wrong

ScheduleType: TypeAlias = Literal["interval", "cron", "one_shot"]
Unit: TypeAlias = Literal["minutes", "hours", "days"]

LONGEST: Final = timedelta(days=3660)
UNITS: Final[dict[Unit, timedelta]] = {
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
}
WAYS: Final = (
    "interval_hours",
    "interval_minutes",
    "interval_value",
    "cron_expression",
    "cron_expr",
    "spec",
)


def schedule_type(spec: Spec) -> ScheduleType:
    match spec:
        case Cron():
            return "cron"
        case Every():
            return "interval"
        case At():
            return "one_shot"


def whole(every: timedelta, unit: Unit) -> int | None:
    """How many of `unit`, or null where a rest would be left."""
    count, rest = divmod(every, UNITS[unit])
    return None if rest else count


def largest_unit(every: timedelta) -> Unit | None:
    """The unit in which the interval is the smallest whole number; null below a minute."""
    return next((unit for unit in UNITS if whole(every, unit)), None)


def spec_of(form: ScheduleForm, current: Spec | None) -> tuple[Spec | None, Names]:
    """The timing that `form` asks for over `current`; null leaves that as it is. Raises Invalid."""
    given = form.given(*WAYS)
    if len(given) > 1:
        raise wrong(given[1], f"Only one timing may be given, and {given[0]} is one")
    if not given and form.interval_unit is not None:
        raise wrong("interval_value", "Required with interval_unit")
    spec = _written(form, given[0], current) if given else _rezoned(form, current)
    if form.schedule_type and (of := spec or current) and form.schedule_type != schedule_type(of):
        raise wrong("schedule_type", f"The timing is of type {schedule_type(of)}")
    return spec, _names(given[0] if given else "")


def _written(form: ScheduleForm, field: str, current: Spec | None) -> Spec:
    if form.spec is not None:
        if form.timezone is not None:
            raise wrong("timezone", "Give the zone inside spec")
        return form.spec
    cron = form.cron_expression or form.cron_expr
    if cron is not None:
        before = current.timezone if isinstance(current, Cron) else "UTC"
        return Cron(cron=cron, timezone=form.timezone or before)
    _refuse_zone(form)
    return Every(every=_interval(form, field))


def _interval(form: ScheduleForm, field: str) -> timedelta:
    if field == "interval_value" and form.interval_unit is None:
        raise wrong("interval_unit", "Required with interval_value")
    lengths = (
        (form.interval_hours, UNITS["hours"]),
        (form.interval_minutes, UNITS["minutes"]),
        (form.interval_value, UNITS[form.interval_unit or "minutes"]),
    )
    every = next(count * unit for count, unit in lengths if count is not None)
    if every > LONGEST:
        raise wrong(field, "At most ten years")
    return every


def _rezoned(form: ScheduleForm, current: Spec | None) -> Spec | None:
    """A time zone alone changes that of a cron schedule."""
    if current is None:
        raise wrong(_expected(form), "Required: an interval, a cron expression, or spec")
    if form.timezone is not None and isinstance(current, Cron):
        return Cron(cron=current.cron, timezone=form.timezone)
    _refuse_zone(form)
    return None


def _expected(form: ScheduleForm) -> str:
    usual = {"cron": "cron_expression", "interval": "interval_minutes"}
    return usual.get(form.schedule_type or "", "spec")


def _refuse_zone(form: ScheduleForm) -> None:
    if form.timezone not in (None, "UTC"):
        raise wrong("timezone", "An interval counts physical time: only UTC")


def _names(way: str) -> Names:
    if way == "spec":
        return {}
    cron = way if way.startswith("cron") else "cron_expression"
    every = way if way.startswith("interval") else "interval_minutes"
    return {"spec.cron": cron, "spec.timezone": "timezone", "spec.every": every}
