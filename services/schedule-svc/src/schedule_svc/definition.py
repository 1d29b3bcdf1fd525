"""What a definition must be before it is stored: readable, resolvable, not too frequent. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.actions import Action
from contracts.commands import Change
from contracts.events.schedule import Definition
from contracts.inventory import Inventory, Unresolvable
from contracts.specs import Cron, Spec
from schedule_svc import occurrences
from schedule_svc.refusals import WrongField


@dataclass(frozen=True, slots=True)
class Rules:
    """What this instance offers, and how close two instants may lie."""

    inventory: Inventory
    min_interval: timedelta


def accepted(definition: Definition, rules: Rules, now: datetime) -> Definition:
    """The definition as it will be stored. Raises WrongField."""
    _check_action(definition.action, rules)
    return Definition(
        name=_name(definition.name),
        description=definition.description,
        action=definition.action,
        spec=_spec(definition.spec, rules, now),
    )


def revised(old: Definition, change: Change, rules: Rules, now: datetime) -> Definition:
    """`old` with what was given and differs. Raises WrongField.

    Null clears the description and leaves the rest; what stays the same is not checked again.
    """
    given = change.model_fields_set
    name = old.name if change.name is None else _name(change.name)
    action = change.action or old.action
    spec = change.spec and normal(change.spec)
    if action != old.action:
        _check_action(action, rules)
    if spec is not None and spec != old.spec:
        spec = _spec(spec, rules, now)
    return Definition(
        name=name,
        description=change.description if "description" in given else old.description,
        action=action,
        spec=spec or old.spec,
    )


def differences(old: Definition, new: Definition) -> tuple[str, ...]:
    """The names of the fields that differ, in the order of the model."""
    fields = Definition.model_fields
    return tuple(field for field in fields if getattr(old, field) != getattr(new, field))


def normal(spec: Spec) -> Spec:
    """Cron text with single blanks; all else as given."""
    if isinstance(spec, Cron):
        return spec.model_copy(update={"cron": " ".join(spec.cron.split())})
    return spec


def _name(name: str) -> str:
    trimmed = name.strip()
    if not trimmed:
        raise WrongField("name", "The name must have 1 to 256 characters")
    return trimmed


def _spec(spec: Spec, rules: Rules, now: datetime) -> Spec:
    spec = normal(spec)
    occurrences.check(spec, now, rules.min_interval)
    return spec


def _check_action(action: Action, rules: Rules) -> None:
    try:
        rules.inventory.resolve(action)
    except Unresolvable as gone:
        raise WrongField(f"action.{gone.field}", gone.detail) from None
