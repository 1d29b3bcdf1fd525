"""pydantic's findings as a list of fields in plain words."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contracts.commands import FieldError
from gateway.wire.forms import LATER

_WORDS = {
    "missing": "Required",
    "model_type": "Must be an object",
    "bool_type": "Must be true or false",
    "int_type": "Must be a whole number",
    "int_from_float": "Must be a whole number",
    "float_type": "Must be a number",
    "string_type": "Must be text",
    "tuple_type": "Must be a list",
    "string_unicode": "Must be valid Unicode",
}


def errors_of(invalid: ValidationError, skip: int = 0) -> tuple[FieldError, ...]:
    """One entry per wrong field, `body` for the whole; `skip` drops leading parts of the path, such
    as a union's tag.
    """
    found = dict[str, FieldError]()
    for error in invalid.errors(include_url=False, include_input=False, include_context=False):
        field = field_of(error["loc"][skip:]) or "body"
        found.setdefault(field, FieldError(field=field, message=message_of(error)))
    return tuple(found.values())


def field_of(path: tuple[int | str, ...]) -> str:
    """The field's own path, without list items and the tags that pydantic puts in for unions."""
    if path[:1] in (("action",), ("spec",)) and len(path) > 2:
        path = (path[0], *path[2:])
    return ".".join(part for part in path if isinstance(part, str))


def message_of(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "Not supported in this version" if error["loc"][-1] in LATER else "Unknown field"
    return _WORDS.get(error["type"]) or error["msg"].removeprefix("Value error, ")
