"""Request bodies: at most 1 MiB, valid JSON, exactly the fields and types of their form.

They are read only after the caller is known, and validated straight from the bytes, where JSON's
own types hold: `"yes"` is no boolean and `"5"` no number.
"""

import json
from collections.abc import Callable
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
        body = await raw(request)
        refuse_nul(body)
        return read(form, body)

    return given


def refuse_nul(body: bytes) -> None:
    """PostgreSQL's text holds no NUL: refuse it here, by name, where it is one of the values."""
    if b"\\u0000" not in body:
        return
    try:
        document: object = json.loads(body)
    except ValueError:
        return
    if isinstance(document, dict):
        for field, value in document.items():  # pyright: ignore[reportUnknownVariableType] - any JSON
            if "\\u0000" in json.dumps(value):
                raise wrong(str(field), "Must not contain NUL characters")  # pyright: ignore[reportUnknownArgumentType]


async def form_of(request: Request) -> dict[str, str]:
    """The fields of an URL-encoded form."""
    return dict(parse_qsl((await raw(request)).decode("utf-8", "replace")))


def described(form: type[Form]) -> dict[str, Any]:
    """For `openapi_extra`: the body is read by hand, so FastAPI cannot see it."""
    schema = {"$ref": f"#/components/schemas/{form.__name__}"}
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    }
