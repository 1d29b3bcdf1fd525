"""From a form to what the schedule's owner wants: a whole definition, or a change of one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from contracts.actions import Action
from contracts.commands import Change, FieldError
from contracts.events.schedule import Definition
from gateway.wire.fields import errors_of
from gateway.wire.forms import ScheduleForm
from gateway.wire.invalid import Invalid, Names, wrong
from gateway.wire.timing import spec_of

R = TypeVar("R")

TEXTS: Final = ("prompt", "message", "command_text", "custom_directive_text")
OWN: Final = {
    "benchmark": {
        "models": "models",
        "models_json": "models",
        "max_tokens": "max_tokens",
        "temperature": "temperature",
    },
    "agent": {"agent_name": "agent_name", "agent_id": "agent_name"},
    "job": {"job_key": "job_key", "directive_id": "directive_id"},
}
"""For each kind, the wire fields that only it has, and the action's field each stands for."""
TEXT_OF: Final = {"benchmark": "prompt", "agent": "message", "job": "custom_directive_text"}
TELLING: Final = {"models", "models_json", "agent_name", "agent_id", "job_key"}
"""The fields that say by themselves which kind is meant."""

MEANINGS: Final = {
    **dict.fromkeys(TEXTS, "text"),
    **{sent: meant for own in OWN.values() for sent, meant in own.items()},
    "timeout_seconds": "timeout_seconds",
}
CLEARABLE: Final = ("timeout_seconds", "directive_id", "custom_directive_text")

ACTION: Final[TypeAdapter[Action]] = TypeAdapter(Action)


@dataclass(frozen=True, slots=True)
class Creation:
    """What to create, and how the client named the fields."""

    definition: Definition
    enabled: bool
    names: Names


@dataclass(frozen=True, slots=True)
class Revision:
    """What to change; `change.model_fields_set` says which fields those are."""

    change: Change
    enabled: bool | None
    names: Names

    @property
    def empty(self) -> bool:
        return not self.change.model_fields_set and self.enabled is None


def creation(form: ScheduleForm) -> Creation:
    """The whole definition. Raises Invalid naming every field that is missing or wrong."""
    found = list[FieldError]()
    if form.name is None:
        found.append(FieldError(field="name", message="Required"))
    action = _collect(found, lambda: action_of(form, None))
    spec = _collect(found, lambda: spec_of(form, None))
    if not (form.name and action and action[0] and spec and spec[0]):
        raise Invalid(*found)
    definition = Definition(
        name=form.name, description=form.description, action=action[0], spec=spec[0]
    )
    return Creation(definition, form.enabled is not False, action[1] | spec[1])


def revision(form: ScheduleForm, current: Definition) -> Revision:
    """Only what the form gives; null clears a description. Raises Invalid."""
    found = list[FieldError]()
    action = _collect(found, lambda: action_of(form, current.action))
    spec = _collect(found, lambda: spec_of(form, current.spec))
    if action is None or spec is None:
        raise Invalid(*found)
    parts: dict[str, Any] = {"name": form.name, "action": action[0], "spec": spec[0]}
    given = {name: part for name, part in parts.items() if part is not None}
    if form.description is not None or form.cleared("description"):
        given["description"] = form.description
    return Revision(Change(**given), form.enabled, action[1] | spec[1])


def action_of(form: ScheduleForm, current: Action | None) -> tuple[Action | None, Names]:
    """What to run: the form's fields over the current action; null leaves that. Raises Invalid."""
    values, names = _action_fields(form, current)
    if form.action is not None:
        if values:
            raise wrong(next(iter(names.values())), "Give either action or its fields, not both")
        return form.action, {}
    if not values and current is not None:
        _agree(form, current.kind)
        return None, names
    kind = _kind(form, current)
    _refuse_foreign(form, kind)
    before = {} if current is None else current.model_dump()
    if "text" in values:
        values[TEXT_OF[kind]] = values.pop("text")
    names = {f"action.{TEXT_OF[kind] if f == 'text' else f}": sent for f, sent in names.items()}
    return _built(before | {"kind": kind} | values, names), names


def _collect(found: list[FieldError], step: Callable[[], R]) -> R | None:
    try:
        return step()
    except Invalid as invalid:
        found.extend(invalid.errors)
        return None


def _action_fields(form: ScheduleForm, current: Action | None) -> tuple[dict[str, Any], Names]:
    """The action's fields that the form sets, `text` standing for that of any kind."""
    values, names = dict[str, Any](), Names()
    for sent in form.given(*MEANINGS):
        meant = MEANINGS[sent]
        if meant in values:
            raise wrong(sent, f"The same as {names[meant]}: give one of them")
        values[meant], names[meant] = getattr(form, sent), sent
    for sent in CLEARABLE:
        if hasattr(current, sent) and form.cleared(sent):
            values.setdefault(MEANINGS[sent], None)
    return values, names


def _kind(form: ScheduleForm, current: Action | None) -> str:
    if current is not None:
        _agree(form, current.kind)
        return current.kind
    telling = {kind: form.given(*(f for f in own if f in TELLING)) for kind, own in OWN.items()}
    told = [kind for kind, fields in telling.items() if fields]
    if len(told) > 1:
        raise wrong(telling[told[1]][0], "Give only one of models, agent_name and job_key")
    if not told:
        raise wrong(_telling(form), "Required: models, agent_name or job_key")
    _agree(form, told[0])
    return told[0]


def _telling(form: ScheduleForm) -> str:
    return {"agent": "agent_name", "job": "job_key"}.get(form.kind or "", "models")


def _agree(form: ScheduleForm, kind: str) -> None:
    if form.kind is not None and form.kind != kind:
        raise wrong("kind", f"This schedule's kind is {kind}")


def _refuse_foreign(form: ScheduleForm, kind: str) -> None:
    for other, own in OWN.items():
        if other != kind and (foreign := form.given(*own)):
            raise wrong(foreign[0], f"Not a field of a schedule of kind {kind}")


def _built(values: dict[str, Any], names: Names) -> Action:
    try:
        return ACTION.validate_python(values)
    except ValidationError as invalid:
        found = (
            FieldError(
                field=names.get(f"action.{error.field}", error.field),
                message=error.message,
            )
            for error in errors_of(invalid, skip=1)
        )
        raise Invalid(*found) from None
