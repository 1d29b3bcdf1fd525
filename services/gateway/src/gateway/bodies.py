"""Request bodies: at most 1 MiB, valid JSON, exactly the fields and types of their form.

They are read only after the caller is known, and validated straight from the bytes, where JSON's
own types hold: `"yes"` is no boolean and `"5"` no number.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import ValidationError

from gateway.problems import MalformedJson, RequestTooLarge
from gateway.wire.fields import errors_of
from gateway.wire.forms import Form
from gateway.wire.invalid import Invalid, wrong

F = TypeVar("F", bound=Form)

LIMIT: Final = 1024 * 1024


async def raw(request: Request) -> bytes:
    """The body. Raises RequestTooLarge as soon as it is."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT:
            raise RequestTooLarge
    return bytes(body)


def read(form: type[F], body: bytes) -> F:
    """The form in these bytes. Raises MalformedJson, Invalid."""
    try:
        return form.model_validate_json(body, strict=True)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False, include_context=False)
        if errors[0]["type"] == "json_invalid":
            raise MalformedJson(f"The body is not valid JSON: {errors[0]['msg']}") from None
        raise Invalid(*errors_of(invalid)) from None


def json_of(form: type[F]) -> Callable[[Request], Any]:
    """A dependency that gives the request's form."""

    async def given(request: Request) -> F:
        found = read(form, await raw(request))
        refuse_nul(found.model_dump(exclude_unset=True))
        return found

    return given


def refuse_nul(fields: Mapping[str, object]) -> None:
    """PostgreSQL's text holds no NUL: refuse it here, by name, where it is in one of the values."""
    for field, value in fields.items():
        if any("\0" in text for text in _texts(value)):
            raise wrong(field, "Must not contain NUL characters")


def _texts(value: object) -> Iterator[str]:
    """All the text in a value, the keys of its mappings too."""
    waiting: list[Any] = [value]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case dict(mapping):  # pyright: ignore[reportUnknownVariableType] - any JSON
                waiting += [*mapping, *mapping.values()]
            case list(values) | tuple(values):  # pyright: ignore[reportUnknownVariableType]
                waiting += values
            case _:
                continue


async def form_of(request: Request) -> dict[str, str]:
    """The fields of an URL-encoded form. Raises Invalid for one with a NUL."""
    fields = dict(parse_qsl((await raw(request)).decode("utf-8", "replace")))
    refuse_nul(fields)
    return fields


def described(form: type[Form]) -> dict[str, Any]:
    """For `openapi_extra`: the body is read by hand, so FastAPI cannot see it."""
    schema = {"$ref": f"#/components/schemas/{form.__name__}"}
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    }
