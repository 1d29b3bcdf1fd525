"""A request that makes no sense: which fields, as the client named them, and why."""

from typing import TypeAlias

from contracts.commands import FieldError

Names: TypeAlias = dict[str, str]
"""Canonical field (`action.prompt`, `spec.cron`) -> the name under which the client sent it."""


class Invalid(Exception):
    """The request is not valid"""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


def wrong(field: str, message: str) -> Invalid:
    """The refusal of one field."""
    return Invalid(FieldError(field=field, message=message))


def renamed(errors: tuple[FieldError, ...], names: Names) -> tuple[FieldError, ...]:
    """The errors of another service in the words of this request."""
    return tuple(
        FieldError(field=names.get(error.field, error.field), message=error.message)
        for error in errors
    )
